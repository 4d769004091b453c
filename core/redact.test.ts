// Redaction: no planted secret survives, whatever its shape, and nothing else is lost.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from './json.ts';
import { describeError, isSecretName, redactJson, redactText } from './redact.ts';

const secret = 'hunter2-S3cr3t/Value+0123456789abcdef';
const keyId = 'AKIAIOSFODNN7EXAMPLE';
const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2lnbmF0dXJl';
const pem = '-----BEGIN RSA PRIVATE KEY-----\nMIIEhunter2\nAAAA\n-----END RSA PRIVATE KEY-----';
const sigV4 = `AWS4-HMAC-SHA256 Credential=${keyId}/20260801/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0123abcd'.repeat(8)}`;

describe('redactText', () => {
  test.for([
    ['user-info of a URL', 'cannot reach postgres://audit:hunter2@db.example:5432/x', 'db.example:5432/x'],
    ['a password with an @ in it', 'postgres://audit:hunt@hunter2@db.example/x', 'db.example/x'],
    ['a user alone in a URL', 'https://hunter2@git.example/repo', 'git.example/repo'],
    ['escaped slashes of a URL', 'https:\\/\\/u:hunter2@host.example', 'host.example'],
    ['a bearer header', 'Authorization: Bearer hunter2abc', 'Authorization'],
    ['a bearer without its header', 'sent Bearer hunter2abc to', 'sent'],
    ['a basic header', `authorization: Basic ${btoa('user:hunter2')}`, 'authorization'],
    ['basic credentials without their header', `sent Basic ${btoa('user:hunter2')} to`, 'sent'],
    ['what is padded as credentials are', 'sent Basic aHVudGVyMmh1bnRlcg== to x', ' to x'],
    ['a header of an unknown scheme', 'authorization=Custom hunter2abc', 'authorization'],
    ['a header in capitals', 'AUTHORIZATION: CUSTOM hunter2abc', 'AUTHORIZATION'],
    ['a header as JSON', '{"authorization":"Bearer hunter2abc","host":"h.example"}', '"host":"h.example"'],
    ['a cookie header', 'Cookie: session=hunter2; other=hunter2\nHost: h.example', 'Host: h.example'],
    ['a secret as JSON', '{"SecretAccessKey":"hunter2","Expiration":"2026"}', '"Expiration":"2026"'],
    ['a secret with quotes in it', '{"password":"a\\"hunter2","user":"u"}', '"user":"u"'],
    ['a secret with blanks in it', 'password="correct hunter2 staple" user=u', 'user=u'],
    ['a secret as JSON inside JSON', '{"body":"{\\"client_secret\\":\\"hunter2\\",\\"a\\":1}"}', '\\"a\\":1'],
    ['a secret as XML', '<SessionToken>hunter2==</SessionToken><Expiration>2026</Expiration>', '<Expiration>2026<'],
    ['a secret in a query', 'GET /x?client_secret=hunter2&page=2', 'page=2'],
    ['a signed URL', 'https://b.example/o?X-Amz-Signature=hunter2ab&X-Amz-Expires=60', 'X-Amz-Expires=60'],
    ['a shared access signature', 'https://a.example/c?sv=2024&sig=hunter2%2Fab&se=2026', 'se=2026'],
    ['a secret as a header', 'x-amz-security-token: hunter2hunter2\nx-amz-date: 2026', 'x-amz-date: 2026'],
    ['an API key', 'api-key=hunter2 region=eu', 'region=eu'],
    ['a secret beside a code', 'no_credentials: my_token: hunter2 region=eu', 'region=eu'],
    ['a secret under the name of a code', 'invalid_token=hunter2 region=eu', 'region=eu'],
    ['such a secret as JSON', '{"no_password":"hunter2","user":"u"}', '"user":"u"'],
    ['an option of a command', 'mysql --db-password hunter2 --host h.example', '--host h.example'],
    ['an option with a sign', '["serve","--api-token=hunter2","--port=1"]', '--port=1'],
    ['an option in quotes', `--password 'correct hunter2' --user u`, '--user u'],
    ['an option of a plain word', '--password hunter2 shop', ' shop'],
    ['an option of a word that begins as a sentence does', '--password isolate-hunter2 shop', ' shop'],
    ['a pair as JSON', '{"name":"DB_PASSWORD","value":"hunter2","a":1}', '"a":1'],
    ['a pair as JSON inside JSON', '{"body":"{\\"Key\\": \\"token\\", \\"Value\\": \\"hunter2\\"}"}', '}"}'],
    ['a pair as it is inspected', "{ name: 'client_secret', value: 'hunter2' } of x", '} of x'],
    ['a connection string', 'AccountName=n;AccountKey=hunter2==;EndpointSuffix=core', 'EndpointSuffix=core'],
    ['a private key', `key:\n${pem.replaceAll('AAAA', 'hunter2')}\nend`, 'end'],
    ['a private key that is cut off', '-----BEGIN PRIVATE KEY-----\nhunter2', ''],
    ['a private key as JSON', JSON.stringify({ private_key: pem, client_email: 'a@b.example' }), 'a@b.example'],
  ] as const)('removes %s', ([, text, kept]) => {
    const redacted = redactText(text);

    expect(redacted).not.toMatch(/hunter2|aHVudGVy|dXNlcjpo/);
    expect(redacted).toContain('[redacted]');
    expect(redacted).toContain(kept);
    expect(redactText(redacted)).toBe(redacted);
    expect(redactText(`${text}\n${text}`)).not.toMatch(/hunter2|aHVudGVy|dXNlcjpo/);
  });

  test.for([
    ['an AWS access key id', keyId],
    ['a temporary access key id', `ASIA${keyId.slice(4)}`],
    ['a JSON Web Token', jwt],
    ['a GitHub token', `ghp_${'a1'.repeat(18)}`],
    ['a Grafana service account token', `glsa_${'a1'.repeat(16)}_0123abcd`],
    ['a Google API key', `AIza${'a'.repeat(35)}`],
    ['a Google access token', `ya29.${'a1-'.repeat(10)}`],
    ['a client secret of Entra ID', `abc8Q~${'a1-'.repeat(11)}z`],
    ['a Slack token', 'xoxb-123456789012-abcdef'],
  ])('removes %s wherever it stands', ([, token = '']) => {
    expect(redactText(`before ${token} after`)).toBe('before [redacted] after');
    expect(redactText(JSON.stringify({ a: [token, token] }))).toBe('{"a":["[redacted]","[redacted]"]}');
  });

  test('removes every part of a signed request, and keeps the words around', () => {
    expect(redactText(`denied: ${sigV4} at 12:00`)).toBe('denied: AWS4-HMAC-SHA256 [redacted] at 12:00');
    expect(redactText(`${sigV4}\n${sigV4}`)).toBe('AWS4-HMAC-SHA256 [redacted]\nAWS4-HMAC-SHA256 [redacted]');
    expect(redactText(`authorization: ${sigV4} at 12:00`)).toMatch(/^authorization: [^=]+ at 12:00$/);
  });

  test.for([
    'arn:aws:organizations::111122223333:account/o-abc123def4/111122223333',
    '//cloudresourcemanager.googleapis.com/projects/123456789012',
    'https://sts.amazonaws.com/path?page=2#part',
    'https://blog.example/@author, mail to team@corp.example',
    'Basic Support, Basic Environment, Basic subscription of Bearer Inc.',
    'Bearer authentication is required: Bearer tokens are missing',
    'api.auth.tokens.0.sha256: must be 64 lower-case hex digits',
    'database.password: must be set, token: expected a string',
    'no_credentials: sts:GetCallerIdentity: none were found, invalid_token: AADSTS700016',
    'the secret manager of project design-signals could not be read',
    'token bucket is empty; keyboard, monkey, signature-service',
    'nobody has a passport',
    'use --token or --api-key, --password must be set, --secret is missing, --token',
    '--password-file /run/secrets/x, --secret-name tls --page-token abc, a--token abc, --token --port 1',
    '{"name":"token-bucket","value":"large"}, {"name":"token","type":"x"}, {"Key":"secret-owner","Value":"me"}',
  ])('leaves alone: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  test('finds what is known by its form, whatever stands around it, also when the text is redacted again', () => {
    const noise = fc.oneof(
      fc.constantFrom(
        'password',
        'token',
        'Authorization',
        'Bearer',
        'Basic',
        'Cookie',
        'sig',
        'https://',
        '[redacted]',
      ),
      fc.constantFrom(':', '=', '"', "'", '\\', '\\"', '@', '&', ';', ',', '{', '}', '\n', '/', '?'),
      fc.string({ maxLength: 8 }),
    );
    const words = fc.array(noise, { maxLength: 5 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(words, fc.constantFrom(keyId, jwt, sigV4, pem), words, (before, planted, after) => {
        const once = redactText(`${before} ${planted} ${after}`);
        for (const text of [once, redactText(once)]) {
          expect(text).not.toMatch(/EXAMPLE|eyJhbGci|0123abcd|MIIE/);
          expect(text).toContain('[redacted]');
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.for([
    'a.',
    'token=',
    'token="',
    '\\',
    'password="\\',
    'bearer ',
    '://',
    'authorization: a ',
    '-----BEGIN PRIVATE KEY-----',
  ])('stays fast on a long text of %j', (piece) => {
    const text = `token="${piece.repeat(20_000 / piece.length)}`;
    const startedMs = performance.now();

    redactText(text);

    expect(performance.now() - startedMs).toBeLessThan(1000);
  });
});

describe('redactJson', () => {
  test('masks what stands under a secret name, at any depth, and says what kind of thing it was', () => {
    const redacted = redactJson({
      Credentials: { AccessKeyId: keyId, Expiration: '2026', Valid: true },
      headers: [{ 'X-Api-Key': secret, 'Set-Cookie': ['a', 'b'] }],
      client_secret: null,
      password: '',
      tokens: [1, { value: secret }],
    });

    expect(redacted).toEqual({
      Credentials: { AccessKeyId: '[redacted]', Expiration: '[redacted]', Valid: true },
      headers: [{ 'X-Api-Key': '[redacted]', 'Set-Cookie': ['[redacted]', '[redacted]'] }],
      client_secret: null,
      password: '',
      tokens: ['[redacted]', { value: '[redacted]' }],
    });
  });

  test('masks the value of a pair exactly when its name is that of a secret, as it does of a member', () => {
    const redacted = redactJson({
      env: [
        { name: 'DB_PASSWORD', value: 'hunter2' },
        { name: 'DB_HOST', value: 'h', type: 'plain' },
        { name: 'TOKEN', valueFrom: { name: 'secret', key: 'token' } },
      ],
      Tags: [
        { Key: 'password', Value: 'hunter2' },
        { Key: 'token-bucket', Value: 'large' },
        { Key: 'secret-owner', Value: 'me' },
        { Key: 'password', Value: '' },
      ],
      parameters: [{ value: { a: 'hunter2', b: true }, key: 'apiKey' }],
      other: [{ name: ['password'], value: 'x' }, { name: 'page_token', value: 'x' }, { value: 'x' }],
    });

    expect(redacted).toEqual({
      env: [
        { name: 'DB_PASSWORD', value: '[redacted]' },
        { name: 'DB_HOST', value: 'h', type: 'plain' },
        { name: 'TOKEN', valueFrom: { name: 'secret', key: 'token' } },
      ],
      Tags: [
        { Key: 'password', Value: '[redacted]' },
        { Key: 'token-bucket', Value: 'large' },
        { Key: 'secret-owner', Value: 'me' },
        { Key: 'password', Value: '' },
      ],
      parameters: [{ value: { a: '[redacted]', b: true }, key: 'apiKey' }],
      other: [{ name: ['password'], value: 'x' }, { name: 'page_token', value: 'x' }, { value: 'x' }],
    });
  });

  test.for<[string, Json]>([
    [
      'an AWS account',
      {
        Id: '111122223333',
        Arn: 'arn:aws:organizations::111122223333:account/o-abc123def4/111122223333',
        Email: 'aws+payments@corp.example',
        Name: 'Basic Support Tokens',
        Status: 'ACTIVE',
        State: 'ACTIVE',
        JoinedMethod: 'CREATED',
        JoinedTimestamp: '2020-01-01T00:00:00.000Z',
        Paths: ['o-abc123def4/r-ab12/ou-ab12-34567890/111122223333/'],
        tags: { 'aws:secretsmanager:owner': 'x', KeyName: 'k', Key: 'a', Value: 'b' },
      },
    ],
    [
      'a Google project',
      {
        name: 'projects/123456789012',
        parent: 'folders/123',
        projectId: 'signature-tokens',
        state: 'ACTIVE',
        etag: 'W/"a1b2c3d4"',
        labels: { 'secret-rotation': '90d', 'token-service': 'payments', 'cookie-domain': 'corp' },
        tokenEndpoint: 'https://oauth2.googleapis.com/token',
        credentialSource: { file: '/var/run/token', format: { type: 'text' } },
      },
    ],
    [
      'an Azure subscription',
      {
        id: '/subscriptions/00000000-0000-0000-0000-000000000001',
        authorizationSource: 'RoleBased',
        tenantId: '00000000-0000-0000-0000-000000000002',
        subscriptionPolicies: { locationPlacementId: 'Public_2014-09-01', quotaId: 'EnterpriseAgreement_2014-09-01' },
        secretName: 'tls',
        keyVaultUri: 'https://v.vault.azure.net/secrets/tls',
        passwordLastUsed: '2026-01-01',
        isPasswordSet: true,
        signatureAlgorithm: 'RS256',
        nextPageToken: 'abc',
      },
    ],
  ])('leaves %s as it was read', ([, raw]) => {
    expect(redactJson(raw)).toEqual(raw);
  });

  test('keeps the shape of any JSON, and is done the first time', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const value: Json = JSON.parse(JSON.stringify(json));
        const once = redactJson(value);
        expect(redactJson(once)).toEqual(once);
        expect(shapeOf(once)).toEqual(shapeOf(value));
      }),
    );
  });
});

describe('isSecretName', () => {
  test.for([
    ...['password', 'DB_PASSWORD', 'passwd', 'client_secret', 'clientSecret', 'secretText', 'SecretString'],
    ...['token', 'access-token', 'X-Amz-Security-Token', 'refreshTokens', 'apiKey', 'X-API-Key', 'SecretAccessKey'],
    ...['accessKeyId', 'privateKeyPem', 'private_key_data', 'Authorization', 'Proxy-Authorization', 'set-cookie'],
    ...['cookies', 'X-Goog-Signature', 'sig', 'client_assertion', 'SAMLAssertion', 'passwordHash', 'connectionString'],
  ])('%s is one', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  test.for([
    ...['tokenEndpoint', 'token_type', 'secretName', 'secret_arn', 'passwordLastUsed', 'accessKeyLastRotated'],
    ...['NextToken', 'nextPageToken', 'page_token', 'nextSyncToken', 'credentialSource', 'signatureAlgorithm'],
    ...['JoinedMethod', 'Keyring', 'design', 'compass', 'author', 'kmsKeyName', 'partitionKey', 'cookieDomain'],
  ])('%s is none', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe('the time that redaction takes', () => {
  // Small ones first: what takes exponential time fails there, and does not hang.
  test.for([
    ['digits after a secret name', 'token', '1', '!'],
    ['beginnings of JSON Web Tokens', '', 'eyJ-', ''],
    ['JSON Web Tokens without their second part', '', 'eyJaaaaaa-', '.'],
    ['words that may follow a secret name', 'token', 'keystringid1', '!'],
    ['quotes that never close', 'token="', "token='\\\\", ''],
    ['blanks after a name', 'token', ' ', 'x'],
    ['blanks after a scheme', 'bearer', ' ', 'x'],
    ['private keys that begin', '-----BEGIN PRIVATE KEY-----', '-----END A', ''],
    ['users of URLs', '', '://a', ''],
    ['options', '', '--token-', ''],
    ['options without a value', '', ' --token', ''],
    ['options whose quotes never close', '', '--token="a\\', ''],
    ['pairs that are none', '', '{name:"token",', ''],
    ['names of pairs', 'name:"', 'token', ''],
    ['pairs whose quotes never close', '', '"name":"token","value":"\\', ''],
    ['blanks in a pair', 'name:"token"', ' ', ''],
  ] as const)('grows with the length of %s, and no faster', ([, before, repeated, after]) => {
    for (const length of [27, 100_000]) {
      const text = before + repeated.repeat(Math.ceil(length / repeated.length)) + after;
      const startedMs = performance.now();

      redactText(text);
      isSecretName(text);

      expect(performance.now() - startedMs).toBeLessThan(1000);
    }
  });
});

describe('describeError', () => {
  test('nothing that a terminal would obey is left', () => {
    expect(describeError(new Error('\u001B[2Jgone\u0000\u0007\r\nnext\u009B31m'))).toBe(' [2Jgone next 31m');
  });

  test('tells cause after cause on one line, each once, without secrets', () => {
    const root = new Error('connect https://u:hunter2@h.example\n  refused');
    const error = new Error('cannot read', { cause: new Error('fetch failed: cannot read', { cause: root }) });

    expect(describeError(error)).toBe(
      'cannot read: fetch failed: cannot read: connect https://[redacted]@h.example refused',
    );
  });

  test.for([
    ['a text', 'it broke', 'it broke'],
    ['an error without a message', new TypeError(''), 'TypeError'],
    ['a plain object', { status: 403, token: 'hunter2' }, "{ status: 403, token: '[redacted]' }"],
    ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
    ['an object of several lines', { text: 'a'.repeat(80), status: 403 }, `{ text: '${'a'.repeat(80)}', status: 403 }`],
    ['nothing', undefined, ''],
    ['an error that has null for a cause', new Error('it broke', { cause: null }), 'it broke'],
    ['refusals of which one is no error', new AggregateError(['x', new Error('::1')]), '::1'],
    ['refusals of several addresses', new AggregateError([new Error('::1'), new Error('127.0.0.1')]), '::1, 127.0.0.1'],
  ])('describes %s', ([, thrown, expected]) => {
    expect(describeError(thrown)).toBe(expected);
  });

  test('tells the first five of a long chain of causes', () => {
    const error = Array.from({ length: 9 }, (_, index) => 9 - index).reduce<Error | undefined>(
      (cause, number) => new Error(`cause ${number}`, { cause }),
      undefined,
    );

    expect(describeError(error)).toBe('cause 1: cause 2: cause 3: cause 4: cause 5');
  });

  test('ends with a chain of causes that never ends', () => {
    const error = new Error('again');
    error.cause = error;

    expect(describeError(error)).toBe('again');
  });

  test('tells no more of an endless message than a row can bear, and no half of a character', () => {
    const described = describeError(new Error(`x${'😀'.repeat(1_000_000)}`));

    expect(described.length).toBeLessThanOrEqual(1000);
    expect(described.isWellFormed()).toBe(true);
  });

  test('finds a secret that begins within what is told and ends beyond', () => {
    expect(describeError(new Error(`${'a '.repeat(480)}password="${'hunter2 '.repeat(100)}"`))).not.toContain(
      'hunter2',
    );
  });
});

function shapeOf(value: Json): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return null;
  return Object.entries(value).map(([name, member]) => [name, shapeOf(member)]);
}
