// How the tests run: every `*.test.ts` beside its source, without network and without retries.
import { defineConfig } from 'vitest/config';
import summaryReporter from './testkit/vitest-summary.ts';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', 'data/**', 'verify/**', 'e2e/**'],
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
