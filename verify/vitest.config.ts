// How the checks run: like the tests, but side by side even on two cores, for most of their time is waiting.
import { defineConfig } from 'vitest/config';
import summaryReporter from '../testkit/vitest-summary.ts';

export default defineConfig({
  test: {
    include: ['verify/**/*.test.ts'],
    globalSetup: ['testkit/vitest-global-setup.ts'],
    setupFiles: ['testkit/vitest-setup.ts'],
    reporters: ['default', summaryReporter('verify')],
    retry: 0,
    testTimeout: 300_000,
    hookTimeout: 120_000,
    maxWorkers: 3,
    maxConcurrency: 16,
  },
});
