// The peer of the read API: the same framework answering bytes that are already there. Given the file with the bytes.
import { readFile } from 'node:fs/promises';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const text = await readFile(process.argv[2] ?? '', 'utf8');
const app = new Hono();
app.get('*', (c) => c.body(text, 200, { 'Content-Type': 'application/json' }));
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  console.error(JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}` }));
});
