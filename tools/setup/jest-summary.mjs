// A jest reporter that leaves a run's counts as one JSON file in the folder that BELVEDERE_TEST_RESULTS names, for `npm test` to add up.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export default class JestSummary {
  /**
   * @param {unknown} _contexts
   * @param {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: { testFilePath: string, failureMessage?: string | null, testExecError?: unknown, testResults: { fullName: string, status: string }[] }[] }} results
   */
  onRunComplete(_contexts, results) {
    const folder = process.env.BELVEDERE_TEST_RESULTS;
    if (!folder) return;
    const tests = results.testResults.flatMap((file) => file.testResults.map((test) => ({ file: basename(file.testFilePath), name: test.fullName, status: test.status })));
    // A file that could not be run at all has no tests to count: it counts as one that failed.
    const broken = results.testResults.filter((file) => file.testExecError).map((file) => basename(file.testFilePath));
    mkdirSync(folder, { recursive: true });
    const run = {
      workspace: process.env.npm_package_name ?? basename(process.cwd()),
      passed: results.numPassedTests,
      failed: results.numFailedTests + broken.length,
      skipped: tests.filter(({ status }) => status === 'pending' || status === 'todo' || status === 'disabled').map(({ file, name }) => `${file}: ${name}`),
      failures: [...tests.filter(({ status }) => status === 'failed').map(({ file, name }) => `${file}: ${name}`), ...broken.map((file) => `${file}: could not be run`)],
    };
    writeFileSync(join(folder, `${run.workspace.replaceAll(/[^\w.-]/g, '_')}-${process.pid}.json`), `${JSON.stringify(run, null, 2)}\n`);
  }
}
