// As much of a browser as logging in takes: cookies by origin, redirects, and the forms of a login page.

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
  readonly headers: Headers;
  readonly text: string;
}

const maxRedirects = 20;

/** Opens one without a cookie. */
export function openBrowser(): Browser {
  const jars = new Map<string, Map<string, string>>();

  async function go(url: string, request: RequestInit, until: string | undefined): Promise<Page> {
    let next = request;
    let address = url;
    for (let redirects = 0; redirects < maxRedirects; redirects += 1) {
      const answer = await ask(address, next);
      const location = answer.headers.get('location');
      const isRedirect = answer.status >= 300 && answer.status < 400 && location !== null;
      const target = isRedirect ? new URL(location, address).href : address;
      const isEnd = !isRedirect || (until !== undefined && target.startsWith(until));
      const { status, headers } = answer;
      if (isEnd) return { url: target, status, headers, text: await answer.text() };
      await answer.body?.cancel();
      [address, next] = [target, {}];
    }
    throw new Error(`${url} leads in circles`);
  }

  async function ask(address: string, request: RequestInit): Promise<Response> {
    const { origin } = new URL(address);
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    const headers = new Headers(request.headers);
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const signal = AbortSignal.timeout(20_000);
    const answer = await fetch(address, { ...request, headers, redirect: 'manual', signal });
    for (const cookie of answer.headers.getSetCookie()) keepCookie(jar, cookie);
    return answer;
  }

  return {
    open: (url, { headers = {}, until } = {}) => go(url, { headers }, until),
    submit: (page, fields, { headers = {}, until } = {}) => {
      const { action, hidden } = readForm(page);
      const body = new URLSearchParams({ ...hidden, ...fields });
      return go(action, { method: 'POST', headers, body }, until);
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
