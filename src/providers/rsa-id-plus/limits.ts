import type { Limits } from '../../domain/settings.ts';

/**
 * The vendor's pages list 429 and give no number (as of 2026), so each is a cautious default that a job may change.
 */
export const limits: Limits = {
  // The vendor states no number, and lists 429 for what is beyond it, so it can be looked for.
  known: false,
  // Chosen here: a look-up takes one request, an update two (read, then write).
  rates: [{ requests: 4, perMs: 1_000 }],
  // Chosen here: low, as long as nobody has seen how the service answers to more.
  concurrency: 2,
  // Every call is about one user (Cloud Administration API pages, 2026).
  batchSize: 1,
  // Chosen here: far more than one user's attributes take.
  batchBytes: 1024 * 1024,
  // Chosen here.
  requestTimeoutMs: 60_000,
};

/** Users on a page of a search, at most and by default (User Search API Version 2 page, 2026). */
export const searchPageSize = 25;

/** Look-ups handed to the limiter at once; it lets out as many of them as the job's limits allow. */
export const lookUpsAtOnce = 32;

/** Life of an assertion, as three public clients have it (2026), in seconds. */
export const assertionSeconds = 300;
/** Life of a token whose answer does not tell; the default of a public client (2026), in seconds. */
export const tokenSecondsDefault = 3_600;
/** A token is renewed so long before it ends, as that client does; in milliseconds. */
export const renewEarlyMs = 30_000;
