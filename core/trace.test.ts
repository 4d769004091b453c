// Trace ids of runs and of requests.
import { expect, test } from 'vitest';
import { parseTraceparent, toRunId, toTraceId } from './trace.ts';

test('a run’s trace id is its UUID without dashes, in lower case', () => {
  expect(toTraceId('4BF92F35-77B3-4DA6-A3CE-929D0E0E4736')).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
});

test('a trace id is the UUID of what it traces', () => {
  expect(toRunId('4bf92f3577b34da6a3ce929d0e0e4736')).toBe('4bf92f35-77b3-4da6-a3ce-929d0e0e4736');
});

test('the trace id of a traceparent header is read', () => {
  const header = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  expect(parseTraceparent(header)).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
});

test('a traceparent header of a later version is read, whatever follows its flags', () => {
  const header = '01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more';

  expect(parseTraceparent(header)).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
});

test.for([
  ['no header', undefined],
  ['nothing', ''],
  ['a trace id of zeros', '00-00000000000000000000000000000000-00f067aa0ba902b7-01'],
  ['a parent id of zeros', '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01'],
  ['the forbidden version', 'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  ['upper case', '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01'],
  ['too few digits', '00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01'],
  ['something before it', 'x00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  ['too many parts', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x'],
  ['a line break', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n'],
] as const)('%s is no trace', ([, header]) => {
  expect(parseTraceparent(header)).toBeUndefined();
});
