// The host that a hostile nextLink leads to: nobody may ever call it, least of all with a token.
import type { Certificate } from '../certificate.ts';
import { type LoopbackServer, openLoopbackServer } from '../loopback-server.ts';
import { renderAnswer } from './render.ts';

/** One call that should not have been. */
export interface ForeignRequest {
  readonly method: string;
  readonly path: string;
  readonly had_token: boolean;
}

/** Name of the subscription that the foreign host invents: whoever stores it has followed the link. */
export const foreignSubscriptionName = 'invented-by-a-foreign-host';

/** Listens beside the fake, under another host name and port, and answers as if it were Azure. */
export function openForeignHost(
  certificate: Certificate,
  report: (request: ForeignRequest) => void,
): Promise<LoopbackServer> {
  return openLoopbackServer({ port: 0, certificate }, async ({ method, path, headers }) => {
    report({ method, path, had_token: headers.authorization !== undefined });
    const id = 'f0f0f0f0-0000-4000-8000-000000000000';
    const envelope = { service: null, request_id: id, correlation_id: id, remaining_reads: null, at: new Date() };
    const subscription = { id: `/subscriptions/${id}`, subscriptionId: id, displayName: foreignSubscriptionName };
    return { kind: 'send', answer: renderAnswer(envelope, { value: [{ ...subscription, state: 'Enabled' }] }, null) };
  });
}
