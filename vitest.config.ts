// How the tests run: every `*.test.ts` beside its source, without network and without retries.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import summaryReporter from './testkit/vitest-summary.ts';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', 'data/**', 'verify/**'],
    // vitest's own choice is one file fewer at a time than there are cores. Files often wait, for a database, a process or a
    // deadline, so one more than there are cores keeps them busy.
    maxWorkers: availableParallelism() + 1,
    globalSetup: ['testkit/vitest-global-setup.ts'],
    setupFiles: ['testkit/vitest-setup.ts'],
    reporters: ['default', summaryReporter()],
    retry: 0,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
