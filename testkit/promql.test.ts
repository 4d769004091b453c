// The reading of PromQL, which the tests of rules and dashboards trust.
import { expect, test } from 'vitest';
import { readSelectors } from './promql.ts';

test('every selector is found with its matchers, and nothing else is taken for one', () => {
  const expression = `sum by (namespace) (rate(a:b_total{code=~"5..", route != '/x'}[5m] offset 1m))
    / on (namespace) group_left (team) (max by (namespace) (c) > 0) or vector(1)`;

  expect(readSelectors(expression)).toEqual([
    {
      metric: 'a:b_total',
      matchers: [
        { label: 'code', operator: '=~', value: '5..' },
        { label: 'route', operator: '!=', value: '/x' },
      ],
    },
    { metric: 'c', matchers: [] },
  ]);
});

test.for(['sum(a', 'a{b=}', 'rate(a[])', '', '{job="x"}'])('%j is refused', (expression) => {
  expect(() => readSelectors(expression)).toThrow();
});
