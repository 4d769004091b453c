// How the tests run: every `*.test.ts` beside its source, without network and without retries.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import summaryReporter from './testkit/vitest-summary.ts';

const exclude = ['**/node_modules/**', 'dist/**', 'data/**', 'verify/**', 'e2e/**'];

// The OpenAPI library adds to the schemas that it is given, so whoever loads it gets modules of his own.
const withOpenApi = ['services/**/*.test.ts', 'cli/**/*.test.ts'];

const each = {
  setupFiles: ['testkit/vitest-setup.ts'],
  // Only to end what hangs: a test beside others on a busy machine may be slow.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 0,
  restoreMocks: true,
  unstubEnvs: true,
};

export default defineConfig({
  test: {
    // By itself vitest takes one less than there are cores. Files often wait for a database, a process or a deadline, so one more
    // than there are cores keeps them busy.
    maxWorkers: availableParallelism() + 1,
    globalSetup: ['testkit/vitest-global-setup.ts'],
    reporters: ['default', summaryReporter()],
    projects: [
      // Nothing happens at import and no module keeps what a test did, so files that share a process need not load the SDKs anew.
      {
        test: {
          ...each,
          name: 'shared',
          isolate: false,
          include: ['**/*.test.ts'],
          exclude: [...exclude, ...withOpenApi],
        },
      },
      { test: { ...each, name: 'isolated', include: withOpenApi, exclude } },
    ],
  },
});
