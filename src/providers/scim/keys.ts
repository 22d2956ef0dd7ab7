import type { Item } from '../../contracts/provider.ts';
import type { Step } from '../../domain/change.ts';
import type { Answer } from './client.ts';
import type { Config } from './config.ts';
import { isObject } from './wire.ts';

/*
 * Keys by which a service, or the gateway before it, knows a request that it has had already and gives its first answer
 * again: draft-ietf-httpapi-idempotency-key-header-07 of October 2025, read in 2026. RFC 7644 knows no such keys, so
 * nothing is sent unless the job says so.
 */

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Only a write of one user is a request of its own; a group's members share one. */
export function keyLifetimeMs(step: Step, { idempotency }: Config): number {
  if (idempotency === undefined || step.subject !== '') return 0;
  const { lifetime } = idempotency;
  return Number.parseInt(lifetime, 10) * (unitMs[lifetime.slice(-1)] ?? 0);
}

/** The header with the key, a string of structured fields (RFC 9651, section 3.3.3): in quotes. */
export function keyHeader(
  key: string | undefined,
  { idempotency }: Config,
): Readonly<Record<string, string>> {
  return key === undefined || idempotency === undefined
    ? {}
    : { [idempotency.header.toLowerCase()]: `"${key}"` };
}

/** What the item of a write of one user adds to its call. */
export function keyed({ key, leaveBefore }: Item): Pick<Item, 'key' | 'leaveBefore'> {
  return { ...(key === undefined ? {} : { key }), ...(leaveBefore === undefined ? {} : { leaveBefore }) };
}

/**
 * What an answer says of a key, by the draft's sections 2.6 and 2.7: 400 for one that is missing, 409 while the first
 * request is still worked on, 422 for one that came with another request. Null for an answer about anything else: only a
 * problem (RFC 9457), or a link to its description, that names the key is one about it.
 */
export function saidOfKey({ status, json, headers }: Answer): 'missing' | 'pending' | 'reused' | null {
  const said = ({ 400: 'missing', 409: 'pending', 422: 'reused' } as const)[status];
  if (said === undefined) return null;
  const { type, title } = isObject(json) ? json : {};
  const isNamed = [type, title, headers.link].some(
    (text) => typeof text === 'string' && /idempotency/i.test(text),
  );
  return isNamed ? said : null;
}
