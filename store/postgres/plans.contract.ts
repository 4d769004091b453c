// A database whose statements say how they were run, those inside functions too: what tests of plans begin with.
import postgres from 'postgres';
import { openTestDatabase } from '#testkit/postgres-for-tests.ts';

export interface Explained {
  /** The administrator's connection, its search path the schema. */
  readonly admin: postgres.Sql;
  /** The plan of each statement that was run on it, nested ones included, with what it read; to be emptied before the one in question. */
  readonly plans: string[];
  close(): Promise<void>;
}

const explainAll = `load 'auto_explain';
  set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
  set auto_explain.log_analyze = on; set auto_explain.log_timing = off;
  set client_min_messages = log; set client_connection_check_interval = 0`;

/** Opens a migrated database with these rows, analysed. */
export async function openExplained(rows: string): Promise<Explained> {
  const database = await openTestDatabase();
  const plans: string[] = [];
  const admin = postgres(database.adminUrl, {
    max: 1,
    onnotice: ({ message }) => void plans.push(message ?? ''),
    connection: { search_path: 'inventory' },
  });
  const close = async () => {
    await admin.end({ timeout: 5 });
    await database.close();
  };
  try {
    await admin.unsafe(rows);
    await admin.unsafe('vacuum analyze');
    await admin.unsafe(explainAll);
  } catch (error) {
    await close();
    throw error;
  }
  return { admin, plans, close };
}
