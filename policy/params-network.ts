// What the network policies are told: the cluster's DNS, who may reach the internet, and the services of the nodes.
import { z } from 'zod';
import type { CollectorFacts } from '../charts/values-collectors.ts';
import { noParams, type PolicyParams, params } from './params.ts';

const portsSchema = z.array(z.int().min(1).max(65_535));
const labelsSchema = z.record(z.string(), z.string());
const dnsSchema = z.object({ namespace: z.string(), pods: z.array(labelsSchema), ports: portsSchema });

// Everything private, shared, local or multicast: what an address that is not public may be (RFC 6890, RFC 6052).
const except = {
  '0.0.0.0/0': [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '224.0.0.0/4',
  ],
  '::/0': ['::1/128', '64:ff9b::/96', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
};

const blocksSchema = z.object({
  internet: z.object({
    except: z.record(z.string(), z.array(z.string())),
    ports: portsSchema,
    components: z.array(z.string()),
  }),
});

const sshSchema = z.object({ ports: portsSchema, components: z.array(z.string()) });
const ssh = { ports: [22], components: ['collector-ssh'] };

const portsPolicySchema = z.object({
  dns: dnsSchema,
  ssh: sshSchema,
  node: z.object({
    ranges: z.array(z.string()),
    services: z.array(z.object({ component: z.string(), cidr: z.string(), ports: portsSchema })),
  }),
});

/** By policy. */
export function networkParams(
  collectors: readonly CollectorFacts[],
  defaults: Readonly<Record<string, unknown>>,
): Readonly<Record<string, PolicyParams>> {
  const dns = toDns(defaults);
  return {
    netpol_egress: noParams,
    netpol_peers: noParams,
    netpol_blocks: params(blocksSchema, {
      // Whose code declares servers on the internet.
      internet: {
        except,
        ports: [443],
        components: collectors.filter(({ egress }) => Object.keys(egress.clouds).length > 0).map(componentOf),
      },
    }),
    netpol_ports: params(portsPolicySchema, {
      dns,
      ssh,
      node: {
        // Link-local, and what clouds answer from the node elsewhere: the metadata of EC2 and Google over IPv6, Azure's host.
        ranges: ['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::/32', 'fd20:ce::/32', '168.63.129.16/32'],
        services: collectors.flatMap((collector) =>
          Object.values(collector.egress.identities)
            .flat()
            .map(({ cidr, ports }) => ({ component: componentOf(collector), cidr, ports: [...ports] })),
        ),
      },
    }),
    netpol_types: noParams,
    netpol_ingress: noParams,
    netpol_coverage: noParams,
    cilium: params(z.object({ dns: dnsSchema, ssh: sshSchema }), { dns, ssh }),
  };
}

function componentOf({ name }: CollectorFacts): string {
  return `collector-${name}`;
}

// The cache of the node is the cluster's DNS too, where there is one.
function toDns(defaults: Readonly<Record<string, unknown>>): z.output<typeof dnsSchema> {
  const { networkPolicy } = z
    .looseObject({
      networkPolicy: z.looseObject({
        dns: z.looseObject({ namespace: z.string(), podLabels: labelsSchema, port: z.int() }),
      }),
    })
    .parse(defaults);
  const { namespace, podLabels, port } = networkPolicy.dns;
  // As the chart reads them (`templates/_network.tpl`): none would be every pod of the namespace.
  const labels = Object.keys(podLabels).length === 0 ? { 'k8s-app': 'kube-dns' } : podLabels;
  return { namespace, pods: [labels, { 'k8s-app': 'node-local-dns' }], ports: [...new Set([53, port])] };
}
