// How the checks on a real cluster run: one after the other, in the order in which they are written.
import { defineConfig } from 'vitest/config';
import summaryReporter from '../testkit/vitest-summary.ts';

export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    reporters: ['verbose', summaryReporter('e2e')],
    retry: 0,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 1,
  },
});
