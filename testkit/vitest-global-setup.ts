// Starts the one PostgreSQL cluster of a test run and tells the test files where it is.
import type { TestProject } from 'vitest/node';
import { openPostgresCluster, type PostgresCluster } from './postgres.ts';
import type { TestCluster } from './postgres-for-tests.ts';
import { prepareTemplate } from './postgres-template.ts';

/** Called by vitest before the first test file; what it returns is called after the last one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await openPostgresCluster();
  project.provide('postgres', await describeCluster(cluster));
  return () => cluster.close();
}

async function describeCluster(cluster: PostgresCluster): Promise<TestCluster> {
  try {
    await prepareTemplate(cluster);
    return { adminUrl: cluster.adminUrl };
  } catch (error) {
    return {
      adminUrl: cluster.adminUrl,
      templateProblem: error instanceof Error ? String(error.stack) : String(error),
    };
  }
}
