import type { Limits } from '../../domain/settings.ts';

/**
 * SCIM names no limits beside those of ServiceProviderConfig (RFC 7643, section 5), which are read from it. These are
 * cautious defaults that a job may change.
 */
export const limits: Limits = {
  // Nobody states the limit; the services answer 429 beyond it, so it can be looked for.
  known: false,
  // The lowest of the published ones that were found: Slack takes 180 writes of users a minute, dbt 20 requests in five
  // seconds, Deel five a second (their pages on SCIM limits, read in 2026).
  rates: [{ requests: 3, perMs: 1_000 }],
  concurrency: 4,
  // Chosen here: what a crash may leave to be looked up, and the most that goes into one bulk request or group PATCH.
  batchSize: 50,
  // The `maxPayloadSize` of the example of RFC 7643, section 8.5; a service's own is respected beside it.
  batchBytes: 1_048_576,
  requestTimeoutMs: 60_000,
};

/** A token is renewed so long before it runs out. */
export const tokenMarginMs = 60_000;
/** Users repeated within so many pages are dropped, since an insertion shifts the pages behind it. */
export const rememberedPages = 20;
/** No list has more pages than this. */
export const pagesMax = 1_000_000;
