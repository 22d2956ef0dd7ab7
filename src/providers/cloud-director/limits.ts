import type { Limits } from '../../domain/settings.ts';

/**
 * The vendor documents no request limit: neither 429 nor Retry-After stands in the OpenAPI text of 37.2 (2026). What
 * it has are operation limits, beyond which a request that makes a task (such as a delete) is refused with 400.
 */
export const limits: Limits = {
  // Chosen here. An update is two requests, so this is about five people per second.
  rates: [{ requests: 10, perMs: 1_000 }],
  // The lower end of what the facts page calls cautious (4 to 8): every write loads the cell's one database.
  concurrency: 4,
  // Every call is about one user.
  batchSize: 1,
  // Far more than one user takes.
  batchBytes: 1024 * 1024,
  // Chosen here: LDAP and SAML users are looked up in their source while the request waits.
  requestTimeoutMs: 60_000,
};

/** `pageSize` is at most 128 (OpenAPI text of 37.2 and 39.1; no bigger page is served). */
export const pageSize = 128;
/** Up to so many users are looked up one by one; more are picked from the whole list. */
export const singleLookUpsMax = 10;
/** Reads of users' groups handed on at once; core lets out as many of them as the job's limits allow. */
export const groupReadsAtOnce = 16;
/** The first look at a task, in milliseconds, and the longest pause between two looks. */
export const taskCheckMs = { first: 250, longest: 8_000 } as const;
