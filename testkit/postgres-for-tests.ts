// How a test gets a migrated PostgreSQL database of its own, from the one cluster of the test run.
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { inject } from 'vitest';
import { createDatabase } from './postgres.ts';
import { templateName } from './postgres-template.ts';

/** What the global setup tells the test files about the cluster. */
export interface TestCluster {
  /** The superuser's connection string. */
  readonly adminUrl: string;
  /** Why there is no template database, should a migration be broken. Only the tests that need one fail then. */
  readonly templateProblem?: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    postgres: TestCluster;
  }
}

/** A database of one test file (or one test). */
export interface TestDatabase {
  readonly name: string;
  /** Connects the superuser, whom no row-level security binds. */
  readonly adminUrl: string;
  /** Connects a service role, for example `inventory_api`. */
  urlFor(role: string): string;
  /** Drops the database, whoever is still connected. */
  close(): Promise<void>;
}

/** Clones the template: tables and roles exist, all tables are empty. `empty: true` gives a database without any table. */
export async function openTestDatabase({ empty = false }: { empty?: boolean } = {}): Promise<TestDatabase> {
  const cluster = inject('postgres');
  if (cluster.templateProblem && !empty) {
    throw new Error(`the template database could not be made:\n${cluster.templateProblem}`);
  }
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await createDatabase(cluster.adminUrl, { name, template: empty ? 'template1' : templateName });
  const urlFor = (role: string) => toUrl(cluster.adminUrl, { role, database: name });
  const adminUrl = urlFor('postgres');
  return { name, adminUrl, urlFor, close: () => dropDatabase(cluster.adminUrl, name) };
}

function toUrl(adminUrl: string, { role, database }: { role: string; database: string }): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.pathname = database;
  return url.href;
}

async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, connect_timeout: 10 });
  try {
    await sql`drop database if exists ${sql(name)} with (force)`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
