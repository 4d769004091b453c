// What the database or the way to it said, as a StoreError; and the one kind of refusal that is worth another try.
import { setTimeout as wait } from 'node:timers/promises';
import { StoreError } from '#core/errors.ts';
import { describeError } from '#core/redact.ts';

// Connection exceptions, transaction rollbacks, exhausted resources, shutdowns and cancellations; and a lock not had in time.
const retryableStates = /^(08|40|53|57)...$|^55P03$/;
// A socket or a name service that failed, as Node and the driver call it.
const lostConnection =
  /^(CONNECTION_(CLOSED|DESTROYED|ENDED)|CONNECT_TIMEOUT|E(CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN))$/;
// Misuse of Node or of the driver: a bug of ours, not an answer of the database.
const misuse = /^(ERR_(?!TLS|SSL)|UNDEFINED_VALUE$|MAX_PARAMETERS_EXCEEDED$|NOT_TAGGED_CALL$|UNSAFE_TRANSACTION$)/;

// What an operator can do about the refusals that a wrong URL leads to.
const wrongRole =
  'connect as the role of this program: inventory_collector to collect, inventory_api for API and status, inventory_ingest for ingest and seed, inventory_prune to prune';
const remedies: Readonly<Record<string, string>> = {
  '28000': 'the role must exist and may have to be let in from here: inventory migrate --roles makes it',
  '28P01': 'is the password that of this role?',
  '3D000': 'create it, or name another one in database.url',
  '25006': wrongRole,
  '42501': wrongRole,
};

/**
 * The StoreError for what the driver or the network threw, with the SQLSTATE or the system's code as its code; anything
 * else as it is, for it is a bug or an answer of our own. `target` names the database without a password.
 */
export function toStoreError(error: unknown, target: string): unknown {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new StoreError('deadline', `${target} gave no answer in time: ${error.message}`, { retryable: true });
  }
  const code = readCode(error);
  if (code === undefined || misuse.test(code)) return error;
  if (lostConnection.test(code)) {
    return new StoreError(
      code,
      `cannot reach ${target}: ${describeError(error)}; is it up, and is database.url right?`,
      {
        retryable: true,
        cause: error,
      },
    );
  }
  const retryable = retryableStates.test(code);
  // Class 22 quotes the offending value, so neither its message nor its cause is kept.
  if (/^22...$/.test(code)) return new StoreError(code, `${target} refused a value (SQLSTATE ${code})`, { retryable });
  const remedy = remedies[code];
  const message = `${target}: ${describeError(error)}${remedy === undefined ? '' : `; ${remedy}`}`;
  return new StoreError(code, message, { retryable, cause: error });
}

// Of those that meet one gets through each time.
const attempts = 10;

/**
 * Runs a whole transaction again when another one got in its way: a serialization failure, a deadlock, or a key that was
 * inserted meanwhile. `transaction` must begin from nothing each time.
 */
export async function retrySerialization<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt === attempts || !(error instanceof StoreError) || !/^(40001|40P01|23505|23P01)$/.test(error.code))
        throw error;
    }
    // Apart from each other, or two that collided collide again.
    await wait(Math.random() * 50 * attempt);
  }
}

function readCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof StoreError || !('code' in error)) return undefined;
  const { name, code } = error;
  // Our own errors carry codes too, in snake case.
  return typeof code === 'string' && !/^(ConfigError|ProviderError|RequestError)$/.test(name) ? code : undefined;
}
