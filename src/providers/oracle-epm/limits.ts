import type { Limits } from '../../domain/settings.ts';

/**
 * The vendor documents none of these for the security interface (its pages as of 2026), so each is a
 * cautious default that a job may change.
 */
export const limits: Limits = {
  // Half of the ten requests per second to which the one public client with a throttle holds itself (2026).
  rates: [{ requests: 5, perMs: 1_000 }],
  // Chosen here: enough to keep five requests per second busy while each takes under a second.
  concurrency: 4,
  // The cap of another public client for one `users` array (2026); also the most that a job may ask for.
  batchSize: 1_000,
  // The cap of that client for a JSON body (2026).
  batchBytes: 10 * 1024 * 1024,
  // Chosen here: a synchronous batch of 1,000 users is slow, and a time-out leaves all of them in doubt.
  requestTimeoutMs: 120_000,
};

/** One answer holds all users, for List Users has no paging: about 500 bytes each, for two million. */
export const listBytesMax = 1024 ** 3;
export const listTimeoutMs = 600_000;
/** Users in one page that is handed on. */
export const pageSize = 1_000;
/** Up to so many users are looked up one by one; more are picked from one whole list. */
export const singleLookUpsMax = 10;
