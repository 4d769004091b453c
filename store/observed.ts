// An observation made ready to be compared with what is stored: cleaned, its known fields named, hashed.
import { canonicalJson, hashText, type Json } from '#core/json.ts';
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

/** Reads the batch's observations, each key once: of two the later counts, unless the provider dates it as the older one. */
export function readObservations(observations: readonly Observation[]): Observed[] {
  const byKey = new Map<string, Observed>();
  for (const observation of observations) {
    const observed = readObservation(observation);
    const id = `${observed.kind} ${observed.key}`;
    const earlier = byKey.get(id);
    if (earlier === undefined || !isOlder(observed, earlier)) byKey.set(id, observed);
  }
  // In order of their keys, so that two writers lock rows in the same order.
  return [...byKey.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** Whether the provider dates the one before the other; false while it dates only one of them, or neither. */
export function isOlder(
  one: { readonly provider_updated_at: string | null },
  other: { readonly provider_updated_at: string | null },
): boolean {
  if (one.provider_updated_at === null || other.provider_updated_at === null) return false;
  return one.provider_updated_at < other.provider_updated_at;
}

function readObservation(observation: Observation): Observed {
  const attributesText = canonicalJson(observation.attributes);
  const rawText = canonicalJson(observation.raw);
  if (isStorable(attributesText) && isStorable(rawText)) return toObserved(observation, attributesText, rawText);
  const cleaned = cleanObservation(observation);
  return toObserved(cleaned, canonicalJson(cleaned.attributes), canonicalJson(cleaned.raw));
}

function toObserved(observation: Observation, attributesText: string, rawText: string): Observed {
  const attributes = definedMembers(observation.attributes);
  return {
    kind: observation.kind,
    key: observation.key,
    attributes,
    known_fields: Object.keys(attributes).sort(),
    content_hash: hashText(attributesText),
    raw: observation.raw,
    raw_hash: hashText(rawText),
    provider_updated_at: observation.provider_updated_at ?? null,
    evidence: observation.evidence,
  };
}

// A boundary cast: cleaning replaces characters inside strings and leaves the shape as it was validated.
function cleanObservation(observation: Observation): Observation {
  return toStorableJson(JSON.stringify(observation)) as unknown as Observation;
}

function definedMembers(attributes: Observation['attributes']): { [name: string]: Json } {
  const defined: { [name: string]: Json } = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) defined[name] = value;
  }
  return defined;
}
