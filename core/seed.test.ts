// What may be said of an endpoint that nobody has asked.
import { describe, expect, test } from 'vitest';
import { secretMarker } from '#testkit/secrets.ts';
import { endpointId } from './endpoint-url.ts';
import { monitoringEndpointObservationSchema } from './observation.ts';
import { createSeedSchema, toSeedObservation } from './seed.ts';

const schema = createSeedSchema([]);
const seed = { id: 'prod-eu', kind: 'prometheus', url: 'https://prometheus.example', auth_mode: 'none' };

function problemsOf(value: unknown): string[] {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('URLs are normalised as collectors do, and name a record that is given no id', () => {
  const { id: _id, auth_mode: _mode, ...anonymous } = seed;

  const parsed = schema.parse({ ...anonymous, url: 'HTTPS://Prometheus.EXAMPLE:443/a/../prom//' });

  const url = 'https://prometheus.example/prom';
  expect(parsed).toEqual({ kind: 'prometheus', url, auth_mode: 'none', id: endpointId(url) });
});

test('the observation is valid, unknown, and holds what was said', () => {
  const request = {
    ...{ operation: 'ingest:SeedMonitoringEndpoint', endpoint: 'http://127.0.0.1:8081', page: 1, request_ids: [] },
    ...{ attempts: 1, retry_delay_ms: 0, http_status: 200, items: 1, sha256: null, sdk: 'x@1', principal: 'ci' },
  };

  const observation = toSeedObservation(schema.parse(seed), request);

  expect(monitoringEndpointObservationSchema.parse(observation)).toMatchObject({
    key: 'prod-eu',
    attributes: { ...seed, status: 'unknown' },
    raw: seed,
    evidence: [{ principal: 'ci' }],
  });
});

describe('refused', () => {
  test.for([
    [{ url: `https://user:${secretMarker}@x.example` }, 'url: holds a user or a password'],
    [{ url: `https://${secretMarker}@x.example` }, 'url: holds a user or a password'],
    [{ url: `https://x.example/?token=${secretMarker}` }, 'url: has a query'],
    [{ url: `https://x.example/#${secretMarker}` }, 'url: has a query'],
    [{ url: 'https://x.example/?' }, 'url: has a query'],
    [{ url: `https://x.example/token=${secretMarker}/` }, 'url: looks as if it held a secret'],
    [{ url: 'https://x.example/glsa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }, 'url: looks as if it held a secret'],
    [{ url: 'http://169.254.169.254/latest/meta-data' }, 'url: leads to this machine'],
    [{ url: 'ftp://x.example' }, 'url: must be an http or https URL'],
    [{ url: 'prometheus' }, 'url: must be an http or https URL'],
    [{ url: 'http://' }, 'url: must be an http or https URL'],
    [{ url: 'javascript:alert(1)' }, 'url: must be an http or https URL'],
    [{ url: `https://x.example/${'x'.repeat(2048)}` }, 'url: must be at most 2048'],
    [{ url: `https://x.example/${'é'.repeat(1000)}` }, 'url: must be at most 2048'],
    [{ url: 7 }, 'url: '],
    [{ kind: 'promtheus' }, 'kind: '],
    [{ auth_mode: 'password' }, 'auth_mode: '],
    [{ id: '' }, 'id: must be letters'],
    [{ id: 'a/b' }, 'id: must be letters'],
    [{ id: 'x'.repeat(129) }, 'id: must be letters'],
    [{ id: 'glsa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }, 'id: looks like a secret'],
    [{ password: secretMarker }, ': Unrecognized key'],
    [{ status: 'up' }, ': Unrecognized key'],
  ] as const)('%j', ([change, problem]) => {
    const problems = problemsOf({ ...seed, ...change });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
    expect(problems[0]).not.toContain(secretMarker);
  });

  test('all that is wrong is told at once', () => {
    const problems = problemsOf({ kind: 'x', url: `http://u:${secretMarker}@localhost/?a=b`, auth_mode: 'y' });

    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual(['auth_mode', 'kind', 'url', 'url', 'url']);
  });

  test.for([null, [], 'text', 7])('%j is no seed', (value) => {
    expect(problemsOf(value)).toHaveLength(1);
  });
});

test('this machine may be named where the configuration allows it', () => {
  const allowing = createSeedSchema(['127.0.0.0/8', 'localhost']);

  expect(allowing.parse({ ...seed, url: 'http://localhost:9090/' }).url).toBe('http://localhost:9090');
  expect(allowing.safeParse({ ...seed, url: 'http://169.254.169.254/' }).success).toBe(false);
});
