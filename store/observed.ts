// An observation made ready to be compared with what is stored: cleaned, its known fields named, hashed.
import { hashText, isEqualJson, type Json, type JsonObject, sortMembers } from '#core/json.ts';
import type { Observation, ObservationKind } from '#core/observation.ts';
import type { Evidence } from '#core/provenance.ts';
import type { Content } from './merge.ts';
import { isStorable, toStorableJson } from './storable.ts';

/** One observation as the store compares it. */
export interface Observed extends Content {
  readonly kind: ObservationKind;
  readonly key: string;
  /** Hash of the known attributes, comparable with a stored row's while both know the same. */
  readonly content_hash: string;
  readonly raw: Json;
  readonly raw_hash: string;
  readonly provider_updated_at: string | null;
  readonly evidence: Evidence;
}

/**
 * Reads the batch's observations, each key once: of two the later counts, unless the provider dates it as the older one. The
 * texts that were hashed go into the map, by attributes and by `raw`.
 */
export function readObservations(observations: readonly Observation[], texts?: Map<object, string>): Observed[] {
  const byKey = new Map<string, Observed>();
  let previous: Observed | undefined;
  for (const observation of observations) {
    const observed = readObservation(observation, previous, texts);
    const id = `${observed.kind} ${observed.key}`;
    const earlier = byKey.get(id);
    if (earlier === undefined || !isOlder(observed, earlier)) byKey.set(id, observed);
    previous = observed;
  }
  // In order of their keys, so that two writers lock rows in the same order.
  return [...byKey.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
}

interface Dated {
  readonly provider_updated_at?: string | null | undefined;
}

/** Whether the provider dates the one before the other; false while it dates only one of them, or neither. */
export function isOlder(one: Dated, other: Dated): boolean {
  if (one.provider_updated_at == null || other.provider_updated_at == null) return false;
  return one.provider_updated_at < other.provider_updated_at;
}

function readObservation(
  yielded: Observation,
  previous: Observed | undefined,
  texts: Map<object, string> | undefined,
): Observed {
  let observation = yielded;
  let canonical = toCanonical(observation);
  if (!isStorable(canonical.attributesText) || !isStorable(canonical.rawText)) {
    observation = cleanObservation(observation);
    canonical = toCanonical(observation);
  }
  const { attributes, attributesText, raw, rawText } = canonical;
  texts?.set(attributes, attributesText);
  if (typeof raw === 'object' && raw !== null) texts?.set(raw, rawText);
  return toObserved(observation, canonical, previous);
}

function toCanonical(observation: Observation) {
  // Boundary casts: sorting copies what was validated as JSON and leaves out what is undefined.
  const attributes = sortMembers(observation.attributes) as JsonObject;
  const raw = sortMembers(observation.raw) as Json;
  return { attributes, attributesText: JSON.stringify(attributes), raw, rawText: JSON.stringify(raw) };
}

// One page delivers many records, of which the same was read: what is the same object is serialised once.
function toObserved(
  observation: Observation,
  canonical: ReturnType<typeof toCanonical>,
  previous: Observed | undefined,
): Observed {
  return {
    kind: observation.kind,
    key: observation.key,
    attributes: canonical.attributes,
    known_fields: shared(Object.keys(canonical.attributes), previous?.known_fields),
    content_hash: hashText(canonical.attributesText),
    raw: canonical.raw,
    raw_hash: hashText(canonical.rawText),
    provider_updated_at: observation.provider_updated_at ?? null,
    evidence: shared(observation.evidence, previous?.evidence),
  };
}

function shared<Value extends Json>(value: Value, previous: Value | undefined): Value {
  return previous !== undefined && isEqualJson(value, previous) ? previous : value;
}

// A boundary cast: cleaning replaces characters inside strings and leaves the shape as it was validated.
function cleanObservation(observation: Observation): Observation {
  return toStorableJson(JSON.stringify(observation)) as unknown as Observation;
}
