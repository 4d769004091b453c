// The progress line: what it tells, how often, and that it is gone at the end.
import { expect, test } from 'vitest';
import { createProgress } from './progress.ts';

const erase = '\r\u001B[K';

/** A terminal that keeps what was written, and a monotonic clock that stands still until it is set. */
function open(columns = 80) {
  const written: string[] = [];
  const clock = { ms: 5_000 };
  const progress = createProgress({ columns, write: (text) => void written.push(text) }, () => clock.ms);
  return { written, clock, progress };
}

test('tells the scope, records and their rate since the start, and the page', () => {
  const { written, clock, progress } = open();

  clock.ms += 2_000;
  progress.tell({ records: 1_000, scope: 'aws:main', page: 50 });

  expect(written).toEqual([`${erase}aws:main  1000 records  500/s  page 50`]);
});

test('is written at once, and then at most ten times a second', () => {
  const { written, clock, progress } = open();

  for (let page = 1; page <= 1_000; page += 1) {
    progress.tell({ records: page, scope: 'aws:main', page });
    clock.ms += 1;
  }

  expect(written).toHaveLength(10);
  expect(written[0]).toContain('page 1');
  expect(written.at(-1)).toContain('page 901');
});

test('tells no endless rate when no time has passed', () => {
  const { written, progress } = open();

  progress.tell({ records: 3, scope: 'aws:main', page: 1 });

  expect(written[0]).toContain(' 3000/s ');
});

test('never wraps into a second line, which could not be erased', () => {
  const { written, progress } = open(20);

  progress.tell({ records: 123_456, scope: 'aws:a-rather-long-name', page: 1 });

  expect(written).toEqual([`${erase}aws:a-rather-long-n`]);
});

test('is erased at the end, once, and what a hanging collector says later is not shown', () => {
  const { written, clock, progress } = open();
  progress.tell({ records: 1, scope: 'aws:main', page: 1 });

  progress.end();
  clock.ms += 1_000;
  progress.tell({ records: 2, scope: 'aws:main', page: 2 });
  progress.end();

  expect(written.slice(1)).toEqual([erase]);
});

test('that was never written is not erased', () => {
  const { written, progress } = open();

  progress.end();

  expect(written).toEqual([]);
});
