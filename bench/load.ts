// A bounded load from a few connections that are kept open.
import { Agent, request } from 'undici';
import { percentile } from './report.ts';

export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Asks for the URL over and over for so many seconds. Throws at the first answer that is not 200. */
export async function load(
  url: string,
  { seconds, connections }: { seconds: number; connections: number },
): Promise<Load> {
  const dispatcher = new Agent({ connections });
  const times: number[] = [];
  const started = performance.now();
  const ends = started + seconds * 1000;
  const ask = async () => {
    while (performance.now() < ends) {
      const asked = performance.now();
      const { statusCode, body } = await request(url, { dispatcher, headersTimeout: 10_000, bodyTimeout: 10_000 });
      await body.dump({ limit: 10_000_000 });
      if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
      times.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: connections }, ask));
  const perSecond = (times.length * 1000) / (performance.now() - started);
  await dispatcher.close();
  return { perSecond, p50Ms: percentile(times, 50), p99Ms: percentile(times, 99) };
}
