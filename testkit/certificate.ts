// The certificate that the fake makes for itself at start, because the SDK sends tokens over https alone, and ways to trust it.
import { randomUUID } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { generate } from 'selfsigned';

/** A self-signed certificate for localhost and 127.0.0.1 at least, of a server or of a client. */
export interface Certificate {
  readonly key_pem: string;
  readonly certificate_pem: string;
}

/** Makes one, in some thirty milliseconds; `addresses` are more that it is good for. */
export async function createCertificate(addresses: readonly string[] = []): Promise<Certificate> {
  // Each under a name of its own: a client that trusts several must find the right one by it.
  const name = `asset inventory fake ${randomUUID()}`;
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          ...['127.0.0.1', ...addresses].map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { key_pem: made.private, certificate_pem: made.cert };
}

/** Lets this process trust the certificate, whatever client it connects with; returns how to end that. */
export function trustInThisProcess(certificatePem: string): () => void {
  setDefaultCACertificates([...getCACertificates('default'), certificatePem]);
  return () => {
    const others = getCACertificates('default').filter((pem) => pem.trim() !== certificatePem.trim());
    setDefaultCACertificates(others);
  };
}
