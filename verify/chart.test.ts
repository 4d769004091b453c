// The chart in every combination of its example values: what it renders holds together, and what does not is refused.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configSchema, findInlineSecrets, parsePart, resolveReferences } from '#core/config.ts';
import type { ConfigProblem } from '#core/errors.ts';
import { loadCollector } from '../cli/load-collector.ts';
import {
  type KubernetesObject,
  kubernetesVersions,
  lint,
  ofKind,
  podTemplates,
  render,
  scenarios,
  selects,
  servicePorts,
  template,
  templateFile,
} from './chart.ts';
import { root, startProgram } from './inventory.ts';
import { isMissing } from './tool.ts';

const component = (object: KubernetesObject) => object.metadata.labels['app.kubernetes.io/component'] ?? '';
const cloudAnnotation = /^(eks\.amazonaws\.com|iam\.gke\.io|azure\.workload\.identity)\//;

const files = join(root, 'charts/asset-inventory/files');

// Not with the values of development: a tag, and no network policies, on a cluster of one's own.
const hasNoKubeScore = await isMissing('kube-score', 'version');

describe.skipIf(await isMissing('helm'))('the chart', () => {
  describe.for(scenarios)('with the values %s', (scenario) => {
    let objects: KubernetesObject[];
    beforeAll(async () => {
      objects = await render(scenario);
    });

    test.for(kubernetesVersions)('lints for Kubernetes %s', async (version) => {
      expect(await lint(scenario, '--kube-version', version)).toMatchObject({ code: 0 });
    });

    test('renders the same for every Kubernetes, and whatever the cluster has', async () => {
      const [oldest] = kubernetesVersions;

      expect(await render(scenario, '--kube-version', oldest)).toEqual(objects);
      expect(await render(scenario, '--api-versions', 'monitoring.coreos.com/v1')).toEqual(objects);
    });

    test('names every object once, CronJobs with room for what their controller appends', () => {
      const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);

      expect(new Set(names).size).toBe(names.length);
      for (const { metadata } of objects) expect(metadata.name).toMatch(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/);
      for (const cronJob of ofKind(objects, 'CronJob')) {
        expect(cronJob.metadata.name.length).toBeLessThanOrEqual(52);
        expect(cronJob.metadata.name).toMatch(new RegExp(`-${component(cronJob)}$`));
      }
    });

    test('makes no Secret and gives nobody rights in the cluster', () => {
      const kinds = objects.map(({ kind }) => kind);

      expect(kinds.filter((kind) => /^(Secret|(Cluster)?Role(Binding)?)$/.test(kind))).toEqual([]);
    });

    test('secures every container alike', () => {
      for (const { owner, spec } of podTemplates(objects)) {
        expect(spec, owner).toMatchObject({
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            fsGroup: 65532,
            seccompProfile: { type: 'RuntimeDefault' },
          },
        });
        for (const container of [...spec.initContainers, ...spec.containers]) {
          expect(container, owner).toMatchObject({
            resources: {
              requests: { cpu: expect.any(String), memory: expect.any(String) },
              limits: { memory: expect.any(String) },
            },
            securityContext: {
              allowPrivilegeEscalation: false,
              capabilities: { drop: ['ALL'] },
              readOnlyRootFilesystem: true,
              runAsNonRoot: true,
              runAsUser: 65532,
            },
          });
          expect(container.volumeMounts.filter(({ readOnly }) => !readOnly)).toEqual([]);
          const mounted = container.volumeMounts.map(({ name }) => name);
          expect(spec.volumes.map(({ name }) => name)).toEqual(expect.arrayContaining(mounted));
        }
      }
    });

    test('gives every component a ServiceAccount of its own, and a cloud’s identity to its collector alone', () => {
      const templates = podTemplates(objects);
      const accounts = ofKind(objects, 'ServiceAccount');

      expect(templates.map(({ spec }) => spec.serviceAccountName).sort()).toEqual(
        accounts.map(({ metadata }) => metadata.name).sort(),
      );
      for (const account of accounts) {
        const marks = Object.keys(account.metadata.annotations).filter((name) => cloudAnnotation.test(name));
        if (marks.length > 0) expect(component(account)).toMatch(/^collector-/);
        expect(account['automountServiceAccountToken']).toBe(false);
      }
    });

    test('gives each pod the password of its own role and no other', () => {
      const roles: Record<string, string> = { api: 'api', ingest: 'ingest', prune: 'prune', migrate: 'migrate' };
      for (const { component: name, owner, spec } of podTemplates(objects)) {
        if (name === 'smoke') continue;
        const passwords = JSON.stringify(spec.volumes).match(/asset-inventory-postgres-\w+/g);

        expect(passwords, owner).toEqual([`asset-inventory-postgres-${roles[name] ?? 'collector'}`]);
      }
    });

    test('selects existing pods, by Services, budgets and autoscalers', () => {
      const templates = podTemplates(objects);
      for (const service of ofKind(objects, 'Service')) {
        const [found, ...others] = templates.filter(({ labels }) =>
          selects({ matchLabels: service.spec['selector'] }, labels),
        );
        const ports = [...(found?.spec.initContainers ?? []), ...(found?.spec.containers ?? [])].flatMap(
          ({ ports }) => ports,
        );

        expect(others).toEqual([]);
        for (const { targetPort } of servicePorts(service))
          expect(ports.map(({ containerPort }) => containerPort)).toContain(targetPort);
      }
      for (const budget of ofKind(objects, 'PodDisruptionBudget')) {
        expect(templates.filter(({ labels }) => selects(budget.spec['selector'], labels))).toHaveLength(1);
      }
      for (const scaler of ofKind(objects, 'HorizontalPodAutoscaler')) {
        const { name } = z.object({ name: z.string() }).parse(scaler.spec['scaleTargetRef']);
        const deployment = ofKind(objects, 'Deployment').find(({ metadata }) => metadata.name === name);

        expect(deployment?.spec).toBeDefined();
        expect(deployment?.spec).not.toHaveProperty('replicas');
      }
    });

    test('routes to the auth proxy or to ingest, by port 80 of a Service that exists', () => {
      const services = new Map(ofKind(objects, 'Service').map((service) => [service.metadata.name, service]));
      for (const route of [...ofKind(objects, 'Ingress'), ...ofKind(objects, 'HTTPRoute')]) {
        const service = services.get(route.metadata.name);
        const target = service && servicePorts(service).find(({ name }) => name === 'http')?.targetPort;

        expect(target).toBe(component(route) === 'ingest' ? 8081 : scenario === 'sidecar' ? 4180 : 8080);
        expect(JSON.stringify(route.spec)).toContain(route.metadata.name);
      }
    });

    test.skipIf(scenario === 'development')(
      'denies every pod everything, then allows named peers and ports only',
      () => {
        const policies = ofKind(objects, 'NetworkPolicy');
        const templates = podTemplates(objects);
        const [denial, ...others] = policies.filter(
          ({ spec }) => JSON.stringify([spec['ingress'], spec['egress']]) === '[[],[]]',
        );

        expect(others).toEqual([]);
        for (const { labels, owner } of templates) {
          expect(selects(denial?.spec['podSelector'], labels), owner).toBe(true);
          expect(
            policies.filter(({ spec }) => selects(spec['podSelector'], labels)),
            owner,
          ).toHaveLength(2);
        }
        for (const { spec, metadata } of policies) {
          const rules = policyRules.parse(spec);
          expect(
            templates.some(({ labels }) => selects(spec['podSelector'], labels)),
            metadata.name,
          ).toBe(true);
          for (const { peers, ports } of [...rules.ingress, ...rules.egress]) {
            expect(peers.length * ports.length, metadata.name).toBeGreaterThan(0);
            expect(peers, metadata.name).not.toContainEqual({});
          }
        }
      },
    );

    test('lets only collectors of clouds reach the internet, and under Cilium nobody but by name', () => {
      const wide = ofKind(objects, 'NetworkPolicy').filter(({ spec }) => JSON.stringify(spec).includes('0.0.0.0/0'));
      const names = wide.map(component).sort();

      expect(names).toEqual(scenario === 'sidecar' ? ['collector-aws', 'collector-azure', 'collector-gcp'] : []);
      const cilium = ofKind(objects, 'CiliumNetworkPolicy').map(component).sort();
      expect(cilium).toEqual(
        scenario === 'cilium' ? ['api', 'collector-aws', 'collector-azure', 'collector-grafana', 'ingest'] : [],
      );
    });

    test('bounds every CronJob and its program', () => {
      for (const { spec, metadata } of ofKind(objects, 'CronJob')) {
        const job = z
          .looseObject({ spec: z.looseObject({ activeDeadlineSeconds: z.int() }) })
          .parse(spec['jobTemplate']);
        expect(spec, metadata.name).toMatchObject({ concurrencyPolicy: 'Forbid', timeZone: 'Etc/UTC' });
        expect(job.spec).toMatchObject({
          backoffLimit: 1,
          ttlSecondsAfterFinished: 3600,
          podFailurePolicy: { rules: { length: 2 } },
        });
        const [timeout] = /(?<=--timeout",")\d+/.exec(JSON.stringify(job)) ?? [];
        expect(Number(timeout), metadata.name).toBe(job.spec.activeDeadlineSeconds - 30);
        const [jitter] = /(?<=--jitter",")\d+/.exec(JSON.stringify(job)) ?? [];
        expect(jitter, metadata.name).toBe(metadata.name.includes('-collector-') ? '20' : undefined);
      }
    });

    test('writes the product’s own configuration: its parser takes every document', async () => {
      const documents = ofKind(objects, 'ConfigMap')
        .filter((map) => component(map) !== 'dashboards')
        .flatMap(({ data }) => Object.entries(data));

      expect(documents.length).toBeGreaterThan(1);
      for (const [name, text] of documents) expect(await configProblems(name, text), name).toEqual([]);
    });

    test('tells the API of every scheduled collector how fresh it must be, and nothing else of it', () => {
      const names = ofKind(objects, 'CronJob').flatMap(
        ({ metadata }) => /-collector-(.+)$/.exec(metadata.name)?.[1] ?? [],
      );
      const { collectors = {} } =
        ofKind(objects, 'ConfigMap')
          .flatMap(({ data }) => data['api.yaml'] ?? [])
          .map((text) =>
            z.object({ collectors: z.record(z.string(), z.unknown()).optional() }).parse(parse(text)),
          )[0] ?? {};

      expect(Object.keys(collectors).sort()).toEqual(names.sort());
      for (const part of Object.values(collectors))
        expect(part).toEqual({ freshness_budget: expect.stringMatching(/^\d+s$/) });
    });

    test('tells the API how fresh pruning must be, where it is scheduled', () => {
      const [text = ''] = ofKind(objects, 'ConfigMap').flatMap(({ data }) => data['api.yaml'] ?? []);
      const isScheduled = ofKind(objects, 'CronJob').some(({ metadata }) => metadata.name.endsWith('-prune'));

      expect(parse(text).prune).toEqual(isScheduled ? { freshness_budget: '180000s' } : undefined);
    });

    test('is migrated first, under Helm and Argo CD alike', () => {
      const before = objects.filter(({ metadata }) => 'helm.sh/hook' in metadata.annotations);
      for (const { metadata } of before.filter(({ metadata }) => metadata.annotations['helm.sh/hook'] !== 'test')) {
        expect(metadata.annotations).toMatchObject({
          'helm.sh/hook': 'pre-install,pre-upgrade',
          'helm.sh/hook-weight': metadata.annotations['argocd.argoproj.io/sync-wave'],
          'argocd.argoproj.io/hook': 'Sync',
        });
      }
      for (const job of ofKind(objects, 'Job')) expect(job.spec).not.toHaveProperty('ttlSecondsAfterFinished');
      // All that its Job needs, and the policies before any pod; schedules once the services are there.
      const wave = ({ metadata }: KubernetesObject) => Number(metadata.annotations['argocd.argoproj.io/sync-wave']);
      for (const object of objects.filter((one) => component(one) === 'migrate' || one.kind === 'ExternalSecret')) {
        expect(object.metadata.annotations, object.kind).toHaveProperty(['helm.sh/hook'], 'pre-install,pre-upgrade');
        expect(wave(object), object.kind).toBeLessThanOrEqual(object.kind === 'Job' ? -5 : -10);
      }
      for (const policy of ofKind(objects, 'NetworkPolicy').filter((one) => component(one) !== 'smoke'))
        expect(wave(policy), policy.metadata.name).toBe(-10);
      for (const cronJob of ofKind(objects, 'CronJob')) expect(wave(cronJob)).toBe(5);
    });

    test.skipIf(hasNoKubeScore || scenario === 'development')('passes kube-score', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'inventory-chart-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      const { stdout } = await template(scenario);
      const path = join(folder, 'rendered.yaml');
      await writeFile(path, stdout);
      const scored = await startProgram({}, ['kube-score', 'score', '--output-format', 'ci', ...kubeScoreFlags, path])
        .ended;

      expect(scored.stdout.split('\n').filter((line) => /^\[(CRITICAL|WARNING)\]/.test(line))).toEqual([]);
    });
  });

  test.for([
    ['sidecar', 'api.auth.mode=token', 'api.auth.mode'],
    ['sidecar', 'authProxy.issuerUrl=', 'authProxy.issuerUrl'],
    ['sidecar', 'postgres.host=', 'postgres.host'],
    ['sidecar', 'authProxy.image.digest=', 'authProxy.image.digest'],
    ['sidecar', 'authProxy.egress.cidrs=null', 'authProxy.egress'],
    ['sidecar', 'postgres.network.cidrs=null', 'postgres.network.cidrs'],
    ['sidecar', 'collectors.aws.identity.roleArn=', 'collectors.aws.identity'],
    ['sidecar', 'collectors.azure.identity.clientId=', 'collectors.azure.identity'],
    ['sidecar', 'collectors.aws.egress.internet=false', 'collectors.aws.egress'],
    ['sidecar', 'collectors.aws.activeDeadlineSeconds=400', 'collectors.aws: startingDeadlineSeconds'],
    ['sidecar', 'collectors.grafana.identity.provider=gke', 'collectors.grafana.identity'],
    ['sidecar', 'api.serviceAccount.name=shared,prune.serviceAccount.name=shared', 'prune.serviceAccount.name'],
    ['sidecar', 'api.host=', 'api.host'],
    ['sidecar', 'api.autoscaling.maxReplicas=1', 'api.autoscaling'],
    ['sidecar', 'api.minAvailable=2', 'api.minAvailable'],
    ['external', 'authProxy.external.namespace=', 'authProxy.external'],
    ['external', 'postgres.network.namespace=', 'postgres.network'],
    ['external', 'ingest.auth.tokens=null', 'ingest.auth.tokens'],
    ['external', 'collectors.gcp.identity.audience=', 'collectors.gcp.identity'],
    ['external', 'externalSecrets.storeRef.name=', 'externalSecrets.storeRef.name'],
    ['external', 'httpRoute.parentRefs=null', 'httpRoute.parentRefs'],
    ['sidecar', 'image.digest=', 'image'],
    ['sidecar', 'collectors.aws.config.sources[0].nam=main', 'collectors.aws.config'],
    [
      'sidecar',
      'collectors.aws.activeDeadlineSeconds=60,collectors.aws.jitterSeconds=30',
      'collectors.aws.jitterSeconds',
    ],
    // By them policies, Services and budgets know the pods: other ones would lead a pod past its NetworkPolicy.
    ['sidecar', 'pod.labels.app\\.kubernetes\\.io/component=api', 'pod.labels'],
    ['sidecar', 'collectors.aws.pod.labels.app\\.kubernetes\\.io/instance=other', 'collectors.aws.pod.labels'],
    ['sidecar', 'api.pod.annotations.checksum/config=mine', 'api.pod.annotations'],
    ['sidecar', 'monitoring.labels.app\\.kubernetes\\.io/name=mine', 'monitoring.labels'],
    ['sidecar', 'fullnameOverride=my.release', 'fullnameOverride'],
    ['sidecar', 'fullnameOverride=1st', 'fullnameOverride'],
    ['sidecar', `nameOverride=${'n'.repeat(64)}`, 'nameOverride'],
    ['sidecar', 'postgres.host=db.example:5433', 'postgres.host'],
    ['sidecar', 'postgres.host=me@db.example', 'postgres.host'],
    ['sidecar', 'postgres.host=fd00::1', 'postgres.host'],
    ['sidecar', 'postgres.database=a?sslmode=disable', 'postgres.database'],
    ['sidecar', 'postgres.network.cidrs[0]=10.300.0.0/16', 'postgres.network.cidrs'],
    ['cilium', 'authProxy.issuerUrl=https://10.5.0.1/', 'authProxy.egress'],
  ])('refuses %s with %s', async ([scenario = '', setting = '', told = '']) => {
    const { code, stderr } = await template(scenario, '--set', setting);

    expect(code).toBe(1);
    expect(stderr.replaceAll('/', '.')).toContain(told);
  });

  test.for([
    'docs/deploy.md',
    'charts/asset-inventory/README.md',
  ])('renders with the values that %s shows', async (document) => {
    const folder = await mkdtemp(join(tmpdir(), 'inventory-chart-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const text = await readFile(join(root, document), 'utf8');
    const [example = ''] = text.match(/(?<=```yaml\n)image:[^`]+/) ?? [];
    const path = join(folder, 'values.yaml');
    await writeFile(path, example.replaceAll('sha256:…', `sha256:${'a'.repeat(64)}`).replaceAll('…', 'example'));

    expect(await templateFile(path)).toMatchObject({ code: 0, stderr: '' });
  });

  test.for([
    'aws',
    'gcp',
    'azure',
  ])('takes each value that the page on how to connect %s shows, and names the ServiceAccount as it does', async (name) => {
    const page = await readFile(join(root, `docs/connect-${name}.md`), 'utf8');
    const shown = [...page.matchAll(/`(collectors\.\w+\.\w+): ([[{][^`]+)`/g)].map(([, key = '', value = '']) => [
      key,
      JSON.stringify(parse(value.replaceAll('…', 'arn:aws:iam::111122223333:role/collector'))),
    ]);
    const accounts = [
      ...page.matchAll(/SERVICE_ACCOUNT=(\S+)|^kind: ServiceAccount\nmetadata:\n {2}name: (\S+)/gm),
    ].map(([, exported, written]) => exported ?? written);

    const rendered = await Promise.all(
      shown.map(async ([key, value]) => {
        const objects = await render(
          'sidecar',
          '--set',
          `collectors.${name}.enabled=true`,
          '--set-json',
          `${key}=${value}`,
        );
        return ofKind(objects, 'ServiceAccount').map(({ metadata }) => metadata.name);
      }),
    );

    expect(shown.length).toBeGreaterThan(1);
    expect(accounts.length).toBeGreaterThan(0);
    for (const names of rendered) expect(names).toEqual(expect.arrayContaining(accounts));
  });

  test.for([
    'sidecar',
    'cilium',
  ])('lets API and ingest reach the issuer of %s at the port that its URL names', async (scenario) => {
    const flags = ['--set', 'ingest.enabled=true,authProxy.issuerUrl=https://idp.example:8443/realms/main'];
    const objects = await render(scenario, ...flags);
    const kind = scenario === 'cilium' ? 'CiliumNetworkPolicy' : 'NetworkPolicy';

    for (const name of ['api', 'ingest']) {
      const [policy] = ofKind(objects, kind).filter((object) => component(object) === name);
      expect(JSON.stringify(policy?.spec['egress']), name).toMatch(/"port":"?8443/);
      expect(JSON.stringify(policy?.spec['egress']), name).not.toMatch(/"port":"?443/);
    }
  });

  test('lets API and ingest reach the other hosts that an issuer has its keys on', async () => {
    const issuer = 'authProxy.issuerUrl=https://accounts.google.com';
    const objects = await render('cilium', '--set', `${issuer},authProxy.egress.fqdns={www.googleapis.com}`);

    for (const name of ['api', 'ingest']) {
      const [policy] = ofKind(objects, 'CiliumNetworkPolicy').filter((object) => component(object) === name);
      for (const host of ['accounts.google.com', 'www.googleapis.com']) {
        expect(policy?.spec['egress'], name).toContainEqual({
          toFQDNs: [{ matchName: host }],
          toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }],
        });
      }
    }
  });

  test.for([
    ['https://[fd00::1]/realms/main', 443],
    ['https://[fd00::1]:8443/realms/main', 8443],
    ['https://10.5.0.1', 443],
  ] as const)('lets the API reach an issuer at an address, %s, by its block and by no name', async ([url, port]) => {
    const flags = ['--set', `authProxy.issuerUrl=${url},authProxy.egress.cidrs={10.5.0.0/24}`];
    const objects = await render('cilium', ...flags);
    const of = (kind: string) => ofKind(objects, kind).find((object) => component(object) === 'api')?.spec['egress'];

    expect(of('NetworkPolicy')).toContainEqual({
      to: [{ ipBlock: { cidr: '10.5.0.0/24' } }],
      ports: [{ protocol: 'TCP', port }],
    });
    expect(JSON.stringify(of('CiliumNetworkPolicy'))).not.toContain('toFQDNs');
  });

  test.for([
    'dns',
    'scrapers',
    'gateway',
  ])('knows %s by the labels that are named, and by those of the usual one no more', async (peer) => {
    const objects = await render('external', '--set', `networkPolicy.${peer}.podLabels.app=mine`);
    const policies = JSON.stringify(ofKind(objects, 'NetworkPolicy'));
    const usual = {
      dns: '"k8s-app":"kube-dns"',
      scrapers: '"app.kubernetes.io/name":"prometheus"',
      gateway: '"app.kubernetes.io/name":"ingress-nginx"',
    }[peer];

    expect(policies).toContain('"matchLabels":{"app":"mine"}');
    expect(policies).not.toContain(usual);
    expect(JSON.stringify(ofKind(await render('external'), 'NetworkPolicy'))).toContain(`"matchLabels":{${usual}}`);
  });

  test('lets every component reach, and be reached by, those that it needs and nobody else', async () => {
    const objects = await render('sidecar', '--set', 'ingest.enabled=true,ingest.allowedFrom[0].cidr=10.30.0.0/16');
    const policies = ofKind(objects, 'NetworkPolicy').map((policy) => [component(policy), waysOf(policy.spec)]);
    const usual = ['to kube-system/kube-dns 53,53', 'to 10.20.0.0/20 5432'];
    const issuer = 'to 203.0.113.0/28 443';
    const internet = 'to 0.0.0.0/0,::/0 443';
    const scraped = 'from monitoring/prometheus 9090';

    expect(Object.fromEntries(policies)).toEqual({
      'default-deny': [],
      api: [
        ...['from ingress-nginx/ingress-nginx 4180', `${scraped},44180`, 'from smoke 9090,4180'],
        ...[...usual, issuer],
      ],
      ingest: ['from ingress-nginx/ingress-nginx,10.30.0.0/16 8081', scraped, ...usual, issuer],
      'collector-aws': [...usual, internet],
      'collector-gcp': [...usual, internet, 'to 169.254.169.252/32 987,988', 'to 169.254.169.254/32 80,8080'],
      'collector-azure': [...usual, internet],
      'collector-prometheus': [...usual, 'to monitoring/prometheus 9090'],
      'collector-grafana': [...usual, 'to 203.0.113.16/28 443'],
      prune: usual,
      migrate: usual,
      smoke: ['to kube-system/kube-dns 53,53', 'to api 9090,4180'],
    });
  });

  test.for([
    ['sidecar', '127.0.0.1:8080', 4180],
    ['external', '0.0.0.0:8080', 8080],
  ] as const)('has the API of %s listen on %s, so that no way leads past its proxy', async ([
    scenario,
    listen,
    port,
  ]) => {
    const objects = await render(scenario);
    const [text = ''] = ofKind(objects, 'ConfigMap').flatMap(({ data }) => data['api.yaml'] ?? []);
    const [service] = ofKind(objects, 'Service').filter((object) => component(object) === 'api');

    expect(parse(text).api.listen).toBe(listen);
    expect(service && servicePorts(service)).toContainEqual({ name: 'http', targetPort: port });
  });

  test('has oauth2-proxy hand over tokens that are fresh, and let nobody in without one', async () => {
    const [proxy] = podTemplates(await render('sidecar'))
      .flatMap(({ spec }) => spec.initContainers)
      .filter(({ name }) => name === 'auth-proxy');

    expect(proxy?.['restartPolicy']).toBe('Always');
    expect(proxy?.args).toEqual(
      expect.arrayContaining([
        ...['--upstream=http://127.0.0.1:8080', '--pass-authorization-header=true', '--cookie-refresh=5m'],
        ...['--skip-jwt-bearer-tokens=true', '--bearer-token-login-fallback=false', '--cookie-secure=true'],
      ]),
    );
    expect(proxy?.args.filter((flag) => /^--(trusted-ip|skip-auth)/.test(flag))).toEqual([]);
  });

  test('scales by the program’s own container, whatever its proxy does', async () => {
    const objects = await render('sidecar');
    const metricsSchema = z.array(
      z.object({
        type: z.literal('ContainerResource'),
        containerResource: z.object({ container: z.string() }).loose(),
      }),
    );

    expect(ofKind(objects, 'HorizontalPodAutoscaler').length).toBeGreaterThan(0);
    for (const scaler of ofKind(objects, 'HorizontalPodAutoscaler')) {
      const [metric] = metricsSchema.parse(scaler.spec['metrics']);
      const pods = podTemplates(objects).find((pod) => pod.component === component(scaler));
      expect(pods?.spec.containers.map(({ name }) => name)).toEqual([metric?.containerResource.container]);
    }
  });

  test('lets those reach the issuer who ask it, and nobody who believes static tokens', async () => {
    const told = { issuerUrl: 'https://idp.example', 'egress.cidrs': '{203.0.113.0/28}' };
    const flags = Object.entries(told).map(([key, value]) => `authProxy.${key}=${value}`);
    const objects = await render('external', '--set', ['ingest.auth.mode=oidc', ...flags].join(','));
    const asking = ofKind(objects, 'NetworkPolicy').filter(({ spec }) =>
      JSON.stringify(spec).includes('203.0.113.0/28'),
    );

    expect(asking.map(component)).toEqual(['ingest']);
  });

  test('restarts the pods whose configuration has changed, and no others', async () => {
    const sums = async (...flags: readonly string[]) => {
      const { stdout } = await template('external', ...flags);
      const parts = stdout.split('\n---\n').filter((text) => /^kind: (Deployment|CronJob)$/m.test(text));
      return new Map(
        parts.map((text) => [/^ {2}name: \S+/m.exec(text)?.[0], /checksum\/config: (\w{64})/.exec(text)?.[1]]),
      );
    };
    const before = await sums();
    const after = await sums('--set', 'collectors.aws.config.sources[0].name=other');
    const changed = [...after].filter(([name, sum]) => before.get(name) !== sum).map(([name]) => name);

    expect([...before.values()].filter((sum) => sum === undefined)).toEqual([]);
    expect(changed).toEqual([expect.stringMatching(/-collector-aws$/)]);
  });

  test('leaves nothing behind that the command beside `helm uninstall` does not take away', async () => {
    const pages = ['docs/deploy.md', 'charts/asset-inventory/templates/NOTES.txt'];
    const [told = '', ...others] = await Promise.all(
      pages.map(async (path) => {
        const text = await readFile(join(root, path), 'utf8');
        return / delete (\S+) --selector app\.kubernetes\.io\/instance=/.exec(text)?.[1];
      }),
    );
    const left = (await Promise.all(scenarios.map((scenario) => render(scenario))))
      .flat()
      .filter(({ metadata }) => 'helm.sh/hook' in metadata.annotations);
    const kinds = new Set(left.map(({ kind }) => kind.toLowerCase()));

    expect(others).toEqual([told]);
    // Of a kind that not every cluster has: told beside.
    expect([...kinds].filter((kind) => kind !== 'externalsecret').sort()).toEqual(told.split(',').sort());
    for (const { metadata } of left) expect(metadata.labels['app.kubernetes.io/instance']).toBe('inventory');
  });

  test('hands the authority of a private issuer to all who ask the issuer, and to nobody else', async () => {
    const flags = ['--set', 'ingest.enabled=true,authProxy.caSecret.name=issuer-ca'];
    const objects = await render('sidecar', ...flags);
    const documents = ofKind(objects, 'ConfigMap').flatMap(({ data }) => Object.entries(data));
    const mounted = podTemplates(objects)
      .filter(({ spec }) => JSON.stringify(spec.volumes).includes('"issuer-ca"'))
      .flatMap(({ spec }) => [...spec.initContainers, ...spec.containers])
      .map(({ name, volumeMounts }) => [
        name,
        volumeMounts.some(({ mountPath }) => mountPath === '/etc/inventory/issuer-ca'),
      ]);
    const told = documents.filter(([, text]) => text.includes('ca_file: /etc/inventory/issuer-ca/ca.crt'));

    expect(Object.fromEntries(mounted)).toEqual({ 'auth-proxy': true, api: true, ingest: true });
    expect(told.map(([name]) => name).sort()).toEqual(['api.yaml', 'ingest.yaml']);
    for (const [name, text] of told) expect(await configProblems(name, text)).toEqual([]);
    expect(JSON.stringify(objects)).toContain('--provider-ca-file=/etc/inventory/issuer-ca/ca.crt');
  });

  test('carries the alerts as their files have them, without those of the availability where asked', async () => {
    const groupsOf = async (path: string) => parse(await readFile(join(files, path), 'utf8')).groups;
    const rules = async (...flags: readonly string[]) => ofKind(await render('sidecar', ...flags), 'PrometheusRule');
    const others = [...(await groupsOf('rules/collectors.yaml')), ...(await groupsOf('rules/service.yaml'))];

    expect(await rules()).toMatchObject([{ spec: { groups: [...others, ...(await groupsOf('rules/slo.yaml'))] } }]);
    expect(await rules('--set', 'monitoring.rules.slo=false')).toMatchObject([{ spec: { groups: others } }]);
    expect(await rules('--set', 'monitoring.rules.enabled=false')).toEqual([]);
  });

  test('carries the dashboards byte for byte, under the label that Grafana’s sidecar looks for', async () => {
    const maps = ofKind(await render('sidecar'), 'ConfigMap').filter((map) => component(map) === 'dashboards');
    const [map] = maps;

    expect(maps).toHaveLength(1);
    expect(map?.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    expect(map?.data).toEqual({
      'api.json': await readFile(join(files, 'dashboards/api.json'), 'utf8'),
      'collectors.json': await readFile(join(files, 'dashboards/collectors.json'), 'utf8'),
    });
  });

  test('hands ingest its rate and the hosts that may be named', async () => {
    const [text = ''] = ofKind(await render('external'), 'ConfigMap').flatMap(({ data }) => data['ingest.yaml'] ?? []);

    expect(parse(text).ingest).toMatchObject({
      requests_per_minute: 600,
      allow_hosts: ['10.30.0.10', '127.0.0.0/8', 'prometheus.localhost'],
    });
  });

  test('takes addresses of IPv6 that begin with a colon', async () => {
    const objects = await render('sidecar', '--set', 'authProxy.egress.cidrs[0]=::1/128');

    expect(JSON.stringify(ofKind(objects, 'NetworkPolicy'))).toContain('{"cidr":"::1/128"}');
  });

  test('takes the values of a parent chart', async () => {
    expect(await template('sidecar', '--set', 'global.region=eu')).toMatchObject({ code: 0 });
  });
});

// What kube-score wants otherwise, and why it does not get it.
const kubeScoreFlags = [
  // Throttled probes look like dead processes; memory is limited.
  '--ignore-container-cpu-limit',
  // Nothing is written: the root file system is read-only and there is no emptyDir.
  ...['--ignore-test', 'container-ephemeral-storage-request-and-limit'],
  // A digest says exactly which image it is: there is nothing newer to pull.
  ...['--ignore-test', 'container-image-pull-policy'],
  // Spread by topology constraints instead.
  ...['--ignore-test', 'deployment-has-host-podantiaffinity'],
  // One replica is what those values ask for; there is no budget then.
  ...['--ignore-test', 'deployment-replicas'],
];

const peerSchema = z.looseObject({
  ipBlock: z.object({ cidr: z.string() }).optional(),
  namespaceSelector: z.object({ matchLabels: z.record(z.string(), z.string()) }).optional(),
  podSelector: z.object({ matchLabels: z.record(z.string(), z.string()) }).optional(),
});

/** The rules of a NetworkPolicy in short: `to namespace/pods ports`; pods by the last of their labels. */
function waysOf(spec: KubernetesObject['spec']): string[] {
  const { ingress, egress } = policyRules.parse(spec);
  const toText = (direction: string) => (rule: z.output<ReturnType<typeof policyRule>>) => {
    const names = z
      .array(peerSchema)
      .parse(rule.peers)
      .map(({ ipBlock, namespaceSelector, podSelector }) => {
        const [namespace = []] = [namespaceSelector].flatMap((selector) =>
          selector ? [Object.values(selector.matchLabels)] : [],
        );
        const pods = Object.values(podSelector?.matchLabels ?? {}).slice(-1);
        return ipBlock?.cidr ?? [...namespace, ...pods].join('/');
      });
    const ports = z
      .array(z.object({ port: z.int() }))
      .parse(rule.ports)
      .map(({ port }) => port);
    return `${direction} ${names.join(',')} ${ports.join(',')}`;
  };
  return [...ingress.map(toText('from')), ...egress.map(toText('to'))];
}

const policyRule = (key: 'from' | 'to') =>
  z
    .looseObject({ [key]: z.array(z.looseObject({})).default([]), ports: z.array(z.looseObject({})).default([]) })
    .transform((rule) => ({
      peers: z.array(z.looseObject({})).parse(rule[key]),
      ports: z.array(z.unknown()).parse(rule['ports']),
    }));
const policyRules = z.looseObject({ ingress: z.array(policyRule('from')), egress: z.array(policyRule('to')) });

/** What the product would say of a document. */
async function configProblems(name: string, text: string): Promise<ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  const document = z.looseObject({ collectors: z.record(z.string(), z.unknown()).default({}) }).parse(parse(text));
  findInlineSecrets(document, problems);
  const resolved = resolveReferences(document, { AWS_EXTERNAL_ID: 'external' }, problems);
  const config = parsePart(configSchema, resolved, '', problems);
  const collector = /^collector-(.+)\.yaml$/.exec(name)?.[1];
  if (collector === undefined) return problems;
  const { config: schema } = await loadCollector(collector);
  const part = config?.collectors[collector]?.own;
  if (part !== undefined) parsePart(schema, part, collector, problems);
  return problems;
}
