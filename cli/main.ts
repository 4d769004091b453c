// The one entry point: parses the command line, runs one command, sets the exit code.
import { Command, CommanderError } from 'commander';
import { type Environment, openEnvironment } from './environment.ts';
import { exitCodes, report } from './report.ts';

const environment = openEnvironment();
process.exitCode = await run(environment, process.argv);
// A hung socket must not keep the pod alive.
process.exit();

async function run(environment: Environment, argv: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.done;
  const program = createProgram(environment, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.badConfiguration;
    return report(environment, error);
  }
}

// Commands are imported when they are called: a collector loads no web server, the API no provider's SDK.
function createProgram(environment: Environment, exit: (code: number) => void): Command {
  const program = new Command('inventory').description('Knows what you own, and says where every row comes from.');
  program.version(environment.version).exitOverride().showHelpAfterError().helpCommand(false);
  addStoreCommands(program, environment, exit);
  addCollectCommands(program, environment, exit);
  addServiceCommands(program, environment);
  return program;
}

function addStoreCommands(program: Command, environment: Environment, exit: (code: number) => void): void {
  program
    .command('migrate')
    .description('bring the database to this release; Postgres needs --roles once before, as an administrator')
    .option('--check', 'change nothing; exit 1 when migrations are pending')
    .option('--dry-run', 'run the pending migrations and roll them back')
    .option('--roles', 'create the database roles and the schema, then stop')
    .action(async (options) => {
      const { migrateCommand } = await import('./migrate.ts');
      exit(await migrateCommand(environment, options));
    });
  program
    .command('status')
    .description('tables of collectors, scopes and pruning: last success, age, budget, outcome, counts')
    .option('--json', 'as JSON')
    .action(async (options) => {
      const { statusCommand } = await import('./status.ts');
      await statusCommand(environment, options);
    });
  program
    .command('prune')
    .description('delete history that is older than its keep time (retention)')
    .option('--dry-run', 'count, delete nothing')
    .option('--timeout <duration>', 'stop after this long, between two batches', '1h')
    .option('--json', 'as JSON')
    .action(async (options) => {
      const { pruneCommand } = await import('./prune.ts');
      exit(await pruneCommand(environment, options));
    });
  program
    .command('runs')
    .description('what to do about runs')
    .command('confirm')
    .argument('<run>', 'the latest run that held the scope')
    .argument('<scope>', 'for example aws:main')
    .description('let the records vanish that the shrink guard held back')
    .action(async (run: string, scope: string) => {
      const { runsConfirmCommand } = await import('./runs-confirm.ts');
      await runsConfirmCommand(environment, { run, scope });
    });
}

function addCollectCommands(program: Command, environment: Environment, exit: (code: number) => void): void {
  program
    .command('collect')
    .argument('<name>', 'the collector, for example aws')
    .description('read the configured scopes of one collector into the inventory')
    .option('--scope <scope>', 'only this scope; repeatable', append, [])
    .option('--timeout <duration>', 'give up after this long', '15m')
    .option('--jitter <duration>', 'wait up to this long first, by chance; part of the timeout', '0s')
    .option('--dry-run', 'read and validate, write nothing')
    .action(async (name: string, options) => {
      const { collectCommand } = await import('./collect.ts');
      exit(await collectCommand(environment, name, options));
    });
  program
    .command('seed')
    .argument('<file>', 'YAML with a list of endpoints: docs/seed.md')
    .description('name monitoring endpoints that nothing observes yet')
    .action(async (file: string) => {
      const { seedCommand } = await import('./seed.ts');
      await seedCommand(environment, file);
    });
  program
    .command('permissions')
    .argument('<provider>', 'the collector, for example aws')
    .description("the exact least-privilege policy for a collector's credentials")
    .action(async (provider: string) => {
      const { permissionsCommand } = await import('./permissions.ts');
      await permissionsCommand(environment, provider);
    });
}

function addServiceCommands(program: Command, environment: Environment): void {
  const serve = program.command('serve').description('serve over HTTP until stopped');
  serve
    .command('api')
    .description('the read-only API')
    .action(async () => {
      const { serveApiCommand } = await import('./serve-api.ts');
      await serveApiCommand(environment);
    });
  serve
    .command('ingest')
    .description('everything that is written over HTTP')
    .option('--no-ops', 'health and metrics on the main port, where the API has the ops port of this machine')
    .action(async (options) => {
      const { serveIngestCommand } = await import('./serve-ingest.ts');
      await serveIngestCommand(environment, options);
    });
  program
    .command('token')
    .description('static tokens')
    .command('new')
    .description('make a token and its configuration entry')
    .requiredOption('--name <name>', 'who will use it')
    .option('--tenant <tenant>', 'whose inventory it reads', 'default')
    .option('--scope <scope...>', 'what it may do', ['inventory:read'])
    .action(async (options) => {
      const { tokenNewCommand } = await import('./token-new.ts');
      tokenNewCommand(environment, options);
    });
  program
    .command('sandbox')
    .description('make-believe AWS, GCP, Azure, Prometheus and Grafana on loopback, to try the product on')
    .option('--accounts <n>', 'how many accounts in each', '60')
    .action(async (options) => {
      const { sandboxCommand } = await import('./sandbox.ts');
      await sandboxCommand(environment, options);
    });
}

function append(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}
