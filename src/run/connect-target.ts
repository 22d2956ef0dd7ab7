import type { Connection, HttpAnswer, HttpRequest, Provider, Tools } from '../contracts/provider.ts';
import { createFirstAlone } from '../http/first-alone.ts';
import { createLimiter } from '../http/limiter.ts';
import { type Http, openHttp } from '../http/request.ts';
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
  const way = await readWay(job);
  const sandbox = target.sandbox === null ? null : await startSandboxProcess(job, target.sandbox);
  const baseUrl = sandbox?.baseUrl ?? target.baseUrl ?? '';
  const limiter = createLimiter(target.limits.rates, world.clock);
  const secret = (reference: string): Promise<string> =>
    Promise.resolve(sandbox?.secrets[reference] ?? readSecret(reference, job.directory));
  let requests = 0;
  const open = (url: string): Http =>
    openHttp({
      ...way,
      baseUrl: url,
      limits: target.limits,
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

/** A host with the gate that its first request opens. */
interface Host {
  readonly http: Http;
  readonly firstAlone: ReturnType<typeof createFirstAlone>;
}
