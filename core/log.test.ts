// The logger: every line is one JSON object that carries its bindings and no secret, whatever it was given.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProviderError } from './errors.ts';
import { createLogger, type Logger } from './log.ts';

/** A logger, and what it wrote. */
function open(level = 'info'): { log: Logger; lines: string[]; events: () => Record<string, unknown>[] } {
  const lines: string[] = [];
  const log = createLogger({ level, destination: { write: (line: string) => void lines.push(line) } });
  return { log, lines, events: () => lines.map((line) => JSON.parse(line)) };
}

test('a line is one JSON object with the level as a word, the time in UTC and what its parents were bound to', () => {
  const { log, lines, events } = open();

  log.child({ trace_id: '0af7651916cd43dd8448eb211c80319c' }).child({ scope: 'aws:main' }).warn({ page: 3 }, 'slow');

  expect(lines[0]).toMatch(/^[^\n]+\n$/);
  expect(events()).toEqual([
    {
      ...{ level: 'warn', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) },
      ...{ trace_id: '0af7651916cd43dd8448eb211c80319c', scope: 'aws:main', page: 3, msg: 'slow' },
    },
  ]);
});

test('what lies below the level is not written', () => {
  const { log, lines } = open('warn');

  log.info('quiet');

  expect(lines).toEqual([]);
});

test('an error is told with its type, its code, the messages of its causes and where it was thrown', () => {
  const { log, events } = open();
  const cause = new Error('connect https://audit:hunter2@h.example refused');

  log.error({ err: new ProviderError('unreachable', 'no answer', { cause }) }, 'failed');

  expect(events()[0]?.['err']).toEqual({
    ...{ type: 'ProviderError', code: 'unreachable' },
    message: 'no answer: connect https://[redacted]@h.example refused',
    stack: expect.arrayContaining([expect.stringMatching(/^at .*log\.test\.ts/)]),
  });
});

test('what was thrown and is no error is told too', () => {
  const { log, events } = open();

  log.error({ err: 'password=hunter2' }, 'failed');

  expect(events()[0]?.['err']).toEqual({ message: 'password=[redacted]' });
});

test('secrets do not reach a line: in its text, in its members, under telling names, in bindings, in an error', () => {
  const { log, lines } = open();
  const bound = log.child({ authorization: 'hunter2', url: 'https://u:hunter2@h.example/' });

  bound.info(
    { body: '{"client_secret":"a\\"hunter2"}', headers: { 'X-Api-Key': ['hunter2'] } },
    'token=hunter2 was sent',
  );
  bound.error({ err: new Error('said Bearer hunter2hunter2', { cause: { password: 'hunter2' } }) });

  expect(lines).toHaveLength(2);
  expect(lines.join('')).not.toContain('hunter2');
});

test('a line stays JSON whatever is logged, and says it in full where there is no secret', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc
      .array(
        fc.constantFrom(
          'token=',
          'Bearer abcdefg',
          '"',
          '\\',
          '\\"',
          '\n',
          '\u0000',
          '\ud800',
          'password:"',
          ':',
          'x@',
          '://',
        ),
        {
          maxLength: 10,
        },
      )
      .map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(hostile, fc.dictionary(hostile, fc.jsonValue(), { maxKeys: 3 }), hostile, (bound, members, text) => {
      const { log, lines, events } = open();
      log.child({ bound }).info({ members, number: 1 }, text);
      expect(lines).toHaveLength(1);
      expect(events()[0]).toMatchObject({ level: 'info', number: 1, bound: expect.any(String) });
      expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1);
    }),
    { numRuns: 500 },
  );
});
