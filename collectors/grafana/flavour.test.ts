// Which Grafana it is, by host name and edition.
import { expect, test } from 'vitest';
import { recognizeFlavour } from './flavour.ts';

test.for([
  ['https://grafana.example', 'Open Source', 'grafana'],
  ['https://grafana.example', 'Enterprise', 'grafana-enterprise'],
  ['https://grafana.example', undefined, undefined],
  ['https://acme.grafana.net', 'Enterprise', 'grafana-cloud'],
  ['https://acme.grafana.net', undefined, 'grafana-cloud'],
  ['https://g-0123456789.grafana-workspace.eu-west-1.amazonaws.com', 'Open Source', 'amazon'],
  ['https://acme-a1b2.weu.grafana.azure.com', 'Enterprise', 'azure'],
  ['https://grafana.net.example', undefined, undefined],
] as const)('%s of edition %s is %s', ([url, edition, expected]) => {
  expect(recognizeFlavour(url, edition)).toBe(expected);
});
