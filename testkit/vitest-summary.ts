// Ends a test run with one line that a machine can read: `tests: 120 passed, 0 failed`.
import type { Reporter } from 'vitest/node';

/** A vitest reporter. What failed outside any case (a file that does not load, a hook) is a failure of its own. */
export default function summaryReporter(label = 'tests'): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
      const groups = modules.flatMap((module) => [module, ...module.children.allSuites()]);
      const passed = states.filter((state) => state === 'passed').length;
      const failed = states.filter((state) => state === 'failed').length;
      const broken = groups.filter((group) => group.errors().length > 0).length + unhandledErrors.length;
      console.log(`${label}: ${passed} passed, ${failed + broken} failed`);
    },
  };
}
