// The sandbox's Prometheus and Grafana: the one watches an account of the sandbox's AWS organization, the other queries the one.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openGrafanaFake } from '../grafana/fake.ts';
import { addDatasource } from '../grafana/world.ts';
import { openPrometheusFake } from '../prometheus/fake.ts';
import { createSandboxOrganization } from './aws.ts';
import { type SandboxOptions, secretFile } from './cloud.ts';

/** What watches the clouds. */
export interface SandboxMonitoring {
  /** Each collector's part of the configuration. */
  readonly parts: Readonly<Record<string, unknown>>;
  /** What happens overnight, once: Prometheus is given a configuration that it cannot load. */
  moveOn(): void;
  close(): Promise<void>;
}

// URLs are content: on another port the second start would look like a change.
const usualPorts = { prometheus: 29_090, grafana: 23_000 } as const;

/** Opens both, on their usual ports unless somebody else has those. */
export async function openMonitoringSandbox({ accounts, folder }: SandboxOptions): Promise<SandboxMonitoring> {
  const prometheus = await openOn(usualPorts.prometheus, (port) =>
    openPrometheusFake({ flavour: 'prometheus-3', port }),
  );
  const grafana = await openOn(usualPorts.grafana, (port) => openGrafanaFake({ port }));
  const [, watched = ''] = createSandboxOrganization(accounts).accounts.keys();
  prometheus.world.config_yaml = toConfiguration(watched);
  addDatasource(grafana.world, { uid: 'metrics', name: 'Metrics', type: 'prometheus', url: prometheus.url });
  const token_file = join(folder, 'grafana-token');
  await writeFile(token_file, grafana.addToken({ role: 'Viewer' }), secretFile);
  return {
    parts: {
      prometheus: { endpoints: [{ name: 'main', id: 'prometheus', url: prometheus.url }] },
      grafana: { endpoints: [{ name: 'main', id: 'grafana', url: grafana.url, auth: { token_file } }] },
    },
    moveOn: () => {
      prometheus.world.reload_succeeded = false;
    },
    close: async () => {
      await Promise.all([prometheus.close(), grafana.close()]);
    },
  };
}

async function openOn<Fake>(port: number, open: (port: number) => Promise<Fake>): Promise<Fake> {
  return await open(port).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return open(0);
    throw error;
  });
}

function toConfiguration(account: string): string {
  return `
global: { external_labels: { account_id: '${account}', cluster: sandbox } }
scrape_configs:
- job_name: nodes
  ec2_sd_configs: [{ region: eu-west-1, role_arn: 'arn:aws:iam::${account}:role/discovery' }]
`;
}
