// What a PromQL expression selects, read by the grammar of Prometheus' own editor.
import { parser } from '@prometheus-io/lezer-promql';

/** A condition on a label: `status="failed"`. */
export interface LabelMatcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** One selector of an expression: the metric and its matchers. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly LabelMatcher[];
}

/** Every selector, in order of appearance; throws where the expression is not PromQL, or selects without naming a metric. */
export function readSelectors(expression: string): readonly Selector[] {
  const selectors: { metric: string; matchers: LabelMatcher[] }[] = [];
  parser.parse(expression).iterate({
    enter({ name, type, from, to }) {
      const text = expression.slice(from, to);
      if (type.isError) throw new Error(`no PromQL at ${from} of ${expression}`);
      if (name === 'VectorSelector') selectors.push({ metric: '', matchers: [] });
      const selector = selectors.at(-1);
      if (!selector) return;
      if (name === 'Identifier') selector.metric = text;
      if (name === 'UnquotedLabelMatcher') selector.matchers.push(toMatcher(text));
    },
  });
  if (selectors.some(({ metric }) => metric === '')) throw new Error(`a selector names no metric in ${expression}`);
  return selectors;
}

function toMatcher(text: string): LabelMatcher {
  const [, label = '', operator = '', value = ''] = /^(\w+)\s*(=~|!~|!=|=)\s*["'`](.*)["'`]$/s.exec(text) ?? [];
  return { label, operator, value };
}
