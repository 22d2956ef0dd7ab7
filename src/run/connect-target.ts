import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Connection, HttpAnswer, HttpRequest, Provider, Tools } from '../contracts/provider.ts';
import { createFirstAlone } from '../http/first-alone.ts';
import { memoryBook } from '../http/grant-book.ts';
import { createLimiter } from '../http/limiter.ts';
import { waitMaxMsOf } from '../http/patience.ts';
import type { Http } from '../http/request.ts';
import { openSharedBook, type SharedBook } from '../http/shared-book.ts';
import type { Job } from '../job/job.ts';
import { readSecret } from '../job/secret.ts';
import { startSandboxProcess } from './sandbox-process.ts';
import { toolVersion } from './version.ts';
import { readWay } from './way.ts';
import type { World } from './world.ts';

/** A target that can be read and written, with what its traffic came to. */
export interface Target {
  readonly provider: Provider;
  readonly connection: Connection;
  readonly baseUrl: string;
  traffic(): { readonly requests: number; readonly waitedMs: number };
  close(): Promise<void>;
}

/** Connects to the job's target, or to a sandbox that is started for the run. */
export async function connectTarget(job: Job, world: World): Promise<Target> {
  const { target } = job;
  // Loaded here, so that what ends before it needs the target starts sooner: who finds another run under way, say.
  const { openHttp } = await import('../http/request.ts');
  const way = await readWay(job);
  const sandbox = target.sandbox === null ? null : await startSandboxProcess(job, target.sandbox);
  const baseUrl = sandbox?.baseUrl ?? target.baseUrl ?? '';
  const book = openBook(job, world);
  const { limits } = target;
  const limiter = createLimiter(limits.rates, world.clock, {
    ...limits,
    waitMaxMs: waitMaxMsOf(limits),
    book,
  });
  const secret = (reference: string): Promise<string> =>
    Promise.resolve(sandbox?.secrets[reference] ?? readSecret(reference, job.directory));
  let requests = 0;
  const open = (url: string): Http =>
    openHttp({
      ...way,
      baseUrl: url,
      limits,
      limiter,
      clock: world.clock,
      random: world.random,
      signal: world.signal,
      userAgent: `rollcall/${toolVersion}`,
      onRequest: (event) => {
        requests += 1;
        const { method, path, status, durationMs, attempt } = event;
        world.log.debug(
          { method, path, durationMs, attempt, ...(status === null ? {} : { status }) },
          'request',
        );
      },
    });
  // One limiter for all hosts: a token refresh counts against the same allowance.
  const hosts = new Map<string, Host>();
  const hostOf = (url: string): Host => {
    const host = hosts.get(url) ?? { http: open(url), firstAlone: createFirstAlone() };
    hosts.set(url, host);
    return host;
  };
  const request = async (asked: HttpRequest): Promise<HttpAnswer> => {
    const { http, firstAlone } = hostOf(asked.baseUrl ?? baseUrl);
    return firstAlone(() => http.request(asked));
  };
  const close = async (): Promise<void> => {
    await Promise.all([...hosts.values()].map(({ http }) => http.close()));
    await sandbox?.close();
    book.close();
  };
  try {
    // What is wrong with address, proxy or certificates is told before anything else.
    hostOf(baseUrl);
    const tools: Tools = { request, baseUrl, secret, now: () => world.clock.now() };
    const connection = await target.provider.connect(target.config, tools);
    return {
      provider: target.provider,
      connection,
      // A sandbox's port means nothing once the run is over, and a tenant tells targets at one address apart.
      baseUrl: target.origin,
      traffic: () => ({ requests, waitedMs: Math.round(limiter.waitedMs) }),
      close: async () => {
        await connection.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Who is bound by the same limits: a host with a credential, told by the references under `auth`. The path does not
 * count, since tenants of one host share its limits; neither does anything else of the configuration.
 */
export function limitsKey(baseUrl: string, config: unknown): string {
  const auth = typeof config === 'object' && config !== null && 'auth' in config ? config.auth : null;
  return createHash('sha256')
    .update(JSON.stringify([new URL(baseUrl).origin, auth]))
    .digest('hex');
}

/**
 * Where the grants are written down: beside the ledger, for all runs on it against this address with this credential,
 * also those of other processes. A sandbox is the run's own.
 */
function openBook(job: Job, world: World): SharedBook {
  const { baseUrl, config } = job.target;
  if (baseUrl === null) return { ...memoryBook(), close: () => undefined };
  mkdirSync(path.dirname(job.ledger), { recursive: true, mode: 0o700 });
  return openSharedBook({
    path: `${job.ledger}.limits`,
    key: limitsKey(baseUrl, config),
    onTrouble: () =>
      world.log.warn(
        { job: job.name, provider: job.target.provider.id, code: 'LIMITS_UNSHARED' },
        'the limits are not shared with other processes: the file beside the ledger cannot be used',
      ),
  });
}

/** A host with the gate that its first request opens. */
interface Host {
  readonly http: Http;
  readonly firstAlone: ReturnType<typeof createFirstAlone>;
}
