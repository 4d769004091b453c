// What can happen to a request of any fake, and how it is played; the words of refusals are each provider's own.
import { setTimeout as wait } from 'node:timers/promises';
import type { Faults } from './faults.ts';
import type { HttpAnswer, HttpOutcome } from './loopback-server.ts';

/** Misfortune that every provider knows. The first two kinds happen before the operation, the others to its answer. */
export type CommonEffect<World> =
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'mutate'; mutate(world: World): void }
  /** Nothing is ever answered. */
  | { readonly kind: 'hang' }
  /** The service's own word for "too fast". */
  | { readonly kind: 'throttle'; readonly retry_after_seconds?: number }
  /** The page token is refused as one that has become too old. */
  | { readonly kind: 'expired_page_token' }
  /** The answer breaks off, or cannot be read as what it ought to be. */
  | { readonly kind: 'malformed' }
  /** The answer lacks this member, such as `Accounts`. */
  | { readonly kind: 'omit'; readonly member: string }
  /** The body as this function makes it, such as an account without a state. */
  | { readonly kind: 'alter'; alter(body: Record<string, unknown>): Record<string, unknown> };

/** Misfortune of plain HTTP. */
export type HttpEffect =
  /** The connection is cut; with `after_headers`, in the middle of the body. */
  | { readonly kind: 'reset'; readonly after_headers?: boolean }
  /** The answer begins and never ends. */
  | { readonly kind: 'stall' }
  /** A body in no service's protocol, as a proxy or a load balancer sends it. */
  | { readonly kind: 'raw'; readonly status: number; readonly body: string; readonly content_type?: string };

/** What an effect must say here; members of another kind are absent. */
interface Played<World> {
  readonly kind: string;
  readonly ms?: number;
  mutate?(world: World): void;
  readonly member?: string;
  alter?(body: Record<string, unknown>): Record<string, unknown>;
  readonly after_headers?: boolean;
}

/** Takes the effects planned for a request, writes them into its log entry, and plays those that come before the operation. */
export async function meetFaults<World, Request extends { faults: readonly string[] }, Effect extends Played<World>>(
  context: { readonly faults: Faults<Request, Effect>; readonly world: World; readonly closing: AbortSignal },
  request: Request,
): Promise<readonly Effect[]> {
  const effects = context.faults.take(request);
  request.faults = effects.map((effect) => effect.kind);
  for (const effect of effects) {
    if (effect.kind === 'delay') await wait(effect.ms, undefined, { signal: context.closing });
    effect.mutate?.(context.world);
  }
  return effects;
}

/** What becomes of the connection: the answer goes out, unless an effect cuts it or leaves it hanging. */
export async function answerOverHttp(
  effects: readonly Played<never>[],
  respond: () => HttpAnswer | Promise<HttpAnswer>,
): Promise<HttpOutcome> {
  if (hasEffect(effects, 'hang')) return { kind: 'hang' };
  const reset = effects.find((effect) => effect.kind === 'reset');
  if (reset !== undefined && reset.after_headers !== true) return { kind: 'reset' };
  const answer = await respond();
  if (hasEffect(effects, 'stall')) return { kind: 'hang', sent: answer };
  return reset === undefined ? { kind: 'send', answer } : { kind: 'reset', sent: answer };
}

/** Plays the effects that change the members of a good answer. */
export function alterBody(
  body: Readonly<Record<string, unknown>>,
  effects: readonly Played<never>[],
): Readonly<Record<string, unknown>> {
  let altered = body;
  for (const effect of effects) {
    if (effect.kind === 'omit') {
      altered = Object.fromEntries(Object.entries(altered).filter(([name]) => name !== effect.member));
    }
    if (effect.alter !== undefined) altered = effect.alter(structuredClone({ ...altered }));
  }
  return altered;
}

/** Half of the text where an effect breaks answers off. */
export function breakOff(text: string, effects: readonly Played<never>[]): string {
  return hasEffect(effects, 'malformed') ? text.slice(0, text.length / 2) : text;
}

/** Whether one of the effects is of this kind. */
export function hasEffect(effects: readonly Played<never>[], kind: string): boolean {
  return effects.some((effect) => effect.kind === kind);
}
