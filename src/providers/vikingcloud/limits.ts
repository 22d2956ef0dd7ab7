import type { Limits } from '../../domain/settings.ts';

/**
 * The vendor documents no limits for its user-service (developer.vikingcloud.com, 2026): each number is a cautious
 * default that a job may change.
 */
export const limits: Limits = {
  // Chosen here: what other user-management interfaces without a documented rate are known to bear.
  rates: [{ requests: 5, perMs: 1_000 }],
  // Chosen here: enough to keep five requests per second busy while each takes under a second.
  concurrency: 4,
  // Every documented write is about one user.
  batchSize: 1,
  // Chosen here: one user with all roles spelt out stays far below it.
  batchBytes: 1024 * 1024,
  // Chosen here: one user is written at a time, and a time-out leaves that write in doubt.
  requestTimeoutMs: 30_000,
};

/** A search has no paging, so one answer holds all users of an organisation: room for a million of them. */
export const searchBytesMax = 1024 ** 3;
export const searchTimeoutMs = 600_000;
/** One user or one token never takes more. */
export const answerBytesMax = 4 * 1024 * 1024;
/** Users in one page that is handed on. */
export const pageSize = 1_000;
/** Up to so many users are looked up one by one; more are picked from one whole list. */
export const singleLookUpsMax = 20;
/** A token is renewed so long before it expires, in milliseconds. */
export const renewAheadMs = 60_000;
