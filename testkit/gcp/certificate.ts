// A certificate for loopback, made when it is needed, so that no private key lies in the repository.
import { generate } from 'selfsigned';

/** A key pair that is its own authority. */
export interface Certificate {
  readonly key_pem: string;
  /** Also what a client must trust. */
  readonly certificate_pem: string;
}

/** Makes a certificate for 127.0.0.1 and localhost that is good for a week. */
export async function createCertificate(): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 7 * 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { key_pem: made.private, certificate_pem: made.cert };
}
