// Answers in Grafana's forms.
import { randomInt } from 'node:crypto';
import type { HttpAnswer } from '../loopback-server.ts';

/** A JSON answer. */
export function toJson(status: number, body: unknown): HttpAnswer {
  const headers = { 'content-type': 'application/json; charset=UTF-8', 'cache-control': 'no-store' };
  return { status, headers, body: JSON.stringify(body) };
}

/** A page for people. */
export function toPage(title: string): HttpAnswer {
  const body = `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><div id="reactRoot"></div></body></html>\n`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=UTF-8' }, body };
}

/** The refusal of somebody who is let in but lacks a permission. */
export function toAccessDenied(permission: string): HttpAnswer {
  return toJson(403, {
    accessErrorId: `ACE${randomInt(1_000_000_000, 9_999_999_999)}`,
    message: `You'll need additional permissions to perform this action. Permissions needed: ${permission}`,
    title: 'Access denied',
  });
}
