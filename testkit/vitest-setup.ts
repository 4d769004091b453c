// Runs in every test file: no connection leaves this machine, and a test that tries fails.
import { afterAll, afterEach } from 'vitest';
import { blockNetwork } from './network-guard.ts';

const guard = blockNetwork();

// Also where the code under test caught the refusal and went on.
afterEach(() => {
  const refused = guard.takeRefused();
  if (refused.length > 0) throw new Error(`this test tried to reach ${refused.join(', ')}`);
});

// The next file of this process puts up its own.
afterAll(() => guard.restore());
