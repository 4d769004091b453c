// As much of a browser as logging in takes: cookies by origin, redirects, and the forms of a login page.
import { request } from 'undici';

/** One person's browser. */
export interface Browser {
  /** Goes there and wherever that leads; headers are for the first request alone. Stops before an address that begins with `until`. */
  open(url: string, options?: OpenOptions): Promise<Page>;
  /** Fills in the page's form and goes on. */
  submit(page: Page, fields: Readonly<Record<string, string>>, options?: OpenOptions): Promise<Page>;
}

export interface OpenOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly until?: string;
}

/** Where it has come to. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

interface Sent {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const maxRedirects = 20;

/** Opens one without a cookie. */
export function openBrowser(): Browser {
  const jars = new Map<string, Map<string, string>>();

  async function go(url: string, first: Sent, until: string | undefined): Promise<Page> {
    let next = first;
    let address = url;
    for (let redirects = 0; redirects < maxRedirects; redirects += 1) {
      const page = await ask(address, next);
      const { location } = page.headers;
      if (page.status < 300 || page.status > 399 || typeof location !== 'string') return page;
      address = new URL(location, address).href;
      if (until !== undefined && address.startsWith(until)) return { ...page, url: address };
      next = { method: 'GET', headers: {} };
    }
    throw new Error(`${url} leads in circles`);
  }

  // Not by `fetch`: it says of itself that it is a script, and scripts are led to no login page.
  async function ask(url: string, { method, headers, body }: Sent): Promise<Page> {
    const { origin } = new URL(url);
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const all = { accept: 'text/html,*/*;q=0.8', ...headers, ...(cookie !== '' && { cookie }) };
    const answer = await request(url, {
      method,
      headers: all,
      body: body ?? null,
      signal: AbortSignal.timeout(20_000),
    });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) keepCookie(jar, line);
    return { url, status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  return {
    open: (url, { headers = {}, until } = {}) => go(url, { method: 'GET', headers }, until),
    submit: (page, fields, { headers = {}, until } = {}) => {
      const { action, hidden } = readForm(page);
      const body = new URLSearchParams({ ...hidden, ...fields }).toString();
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      return go(action, { method: 'POST', headers: { ...headers, ...type }, body }, until);
    },
  };
}

function keepCookie(jar: Map<string, string>, cookie: string): void {
  const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(cookie) ?? [];
  const end = /;\s*expires=([^;]+)/i.exec(cookie)?.[1];
  const isGone = value === '' || (end !== undefined && Date.parse(end) <= Date.now());
  if (isGone) jar.delete(name);
  else jar.set(name, value);
}

function readForm({ url, text }: Page): { action: string; hidden: Record<string, string> } {
  const action = /<form[^>]*\saction="([^"]+)"/.exec(text)?.[1];
  if (action === undefined) throw new Error(`${url} has no form:\n${text.slice(0, 2000)}`);
  const fields = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  const hidden = Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value]));
  return { action: new URL(action.replaceAll('&amp;', '&'), url).href, hidden };
}
