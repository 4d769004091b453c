// Tests of the event contracts: our schemas and the generated ones refuse the same deviations.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { relationSchema } from '#core/monitoring.ts';
import { observationKindSchema } from '#core/observation.ts';
import { schemaFile } from './asyncapi.ts';
import { compileSchema, toDocuments } from './documents.ts';
import { createEvent, type EventType, eventSchema, type NewEvent } from './events.ts';
import { examples } from './examples.ts';

type Place = readonly (string | number)[];

const documents = toDocuments();

const validators = new Map(
  examples.map(({ event_type }) => [event_type, compileSchema(documents.get(schemaFile(event_type)) ?? 'false')]),
);

/** Whether zod and the generated JSON Schema accept it; they must agree. */
function isAccepted(type: EventType, candidate: unknown): boolean {
  const byZod = eventSchema.safeParse(candidate).success;
  expect(validators.get(type)?.(candidate)).toBe(byZod);
  return byZod;
}

/** The places of all members whose presence and type are fixed: not those inside tags, details and changed values. */
function placesOf(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null || isFreeForm(at)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const place = [...at, Array.isArray(value) ? Number(name) : name];
    return [...(Array.isArray(value) ? [] : [place]), ...placesOf(member, place)];
  });
}

function objectsOf(value: unknown): Place[] {
  const parents = placesOf(value).map((place) => place.slice(0, -1));
  return [...new Map(parents.map((place) => [JSON.stringify(place), place])).values()];
}

function isFreeForm(place: Place): boolean {
  return ['details', 'tags', 'labels', 'evidence'].some((name) => place.includes(name)) || isChangedValue(place);
}

function isChangedValue(place: Place): boolean {
  return place[1] === 'changed' && (place[3] === 'from' || place[3] === 'to');
}

const identity = {
  account: ['provider', 'id', 'partition'],
  org_node: ['provider', 'org_id', 'id', 'kind'],
  monitoring_endpoint: ['id', 'kind', 'url', 'status'],
  relation: Object.keys(relationSchema.shape),
};

/** May be left out: an attribute that could not be read, and one side of a change. */
function isOptional(kind: keyof typeof identity, place: Place): boolean {
  const isAttribute = place[1] === 'attributes' && place.length === 3;
  return isChangedValue(place) || (isAttribute && !identity[kind].includes(String(place[2])));
}

/** A copy in which the member at the place has this value; undefined takes it away. */
function withMember(event: unknown, place: Place, value: unknown): unknown {
  const [name, ...rest] = place;
  if (name === undefined) return value;
  if (Array.isArray(event)) return event.map((item, index) => (index === name ? withMember(item, rest, value) : item));
  const { [name]: member, ...others } = z.record(z.string(), z.unknown()).parse(event);
  const next = withMember(member, rest, value);
  return next === undefined ? others : { ...others, [name]: next };
}

describe.for(examples)('$event_type', (example) => {
  const type = example.event_type;
  const kind = observationKindSchema.parse(type.split('.')[0]);
  const places = placesOf(example);

  test('the example is valid', () => {
    expect(isAccepted(type, example)).toBe(true);
  });

  test.for(
    places.filter((place) => !isOptional(kind, place)).map((place) => [place.join('.'), place] as const),
  )('without %s it is refused', ([, place]) => {
    expect(isAccepted(type, withMember(example, place, undefined))).toBe(false);
  });

  test('an additional field is refused at every level', () => {
    fc.assert(
      fc.property(fc.constantFrom(...objectsOf(example)), fc.string(), fc.jsonValue(), (place, name, value) => {
        expect(isAccepted(type, withMember(example, [...place, `x_${name}`], value))).toBe(false);
      }),
    );
  });

  test('a field of another type is refused', () => {
    const fixed = places.filter((place) => !isFreeForm(place) || place.at(-1) === 'tags');

    fc.assert(
      fc.property(fc.constantFrom(...fixed), fc.constantFrom(true, 1.5, -1, ['x', 1], { x: 1 }), (place, value) => {
        expect(isAccepted(type, withMember(example, place, value))).toBe(false);
      }),
    );
  });
});

describe('createEvent', () => {
  const fact: NewEvent = {
    event_id: systemClock.uuid7(),
    event_type: 'account.vanished',
    tenant_id: 'default',
    source: 'aws/0.1.0',
    timestamp: '2026-01-31T12:00:00.000Z',
    correlation_id: systemClock.uuid(),
    payload: { provider: 'aws', id: '1', org_id: null, scope: 'aws:main', reason: 'closed', last_seen_at: null },
  };

  test('the event is its own cause, in the version of its schema', () => {
    expect(createEvent(fact)).toEqual({ ...fact, schema_version: '1.0', causation_id: fact.event_id });
  });

  test.for([
    ['an unknown type', { event_type: 'account.deleted' }, 'event_type'],
    ['the payload of another type', { event_type: 'account.moved' }, 'payload.changed'],
    ['a version 4 id', { event_id: systemClock.uuid() }, 'event_id'],
    ['a time that is not UTC with milliseconds', { timestamp: '2026-01-31T12:00:00+01:00' }, 'timestamp'],
    ['a field of the store', { received_at: '2026-01-31T12:00:00.000Z' }, 'received_at'],
  ] as const)('%s is refused, naming the field', ([, deviation, field]) => {
    expect(() => createEvent({ ...fact, ...deviation })).toThrow(field);
  });

  test('the refusal does not quote the payload', () => {
    expect(() => createEvent({ ...fact, payload: { secret: 'hunter2' } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});
