import type { Connection, HttpAnswer, HttpRequest, Provider, Tools } from '../contracts/provider.ts';
import { type Http, openHttp } from '../http/request.ts';
import { createLimiter } from '../http/limiter.ts';
import type { Job } from '../job/job.ts';
import { readSecret } from '../job/secret.ts';
import { startSandboxProcess } from './sandbox-process.ts';
import { toolVersion } from './version.ts';
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
  const sandbox = target.sandbox === null ? null : await startSandboxProcess(job, target.sandbox);
  const baseUrl = sandbox?.baseUrl ?? target.baseUrl ?? '';
  const limiter = createLimiter(target.limits.rates, world.clock);
  const secret = (reference: string): Promise<string> =>
    Promise.resolve(sandbox?.secrets[reference] ?? readSecret(reference, job.directory));
  let requests = 0;
  const proxy = target.http.proxy === null ? null : await proxyOf(target.http.proxy, secret);
  const ca = target.http.ca === null ? null : await secret(target.http.ca);
  const open = (url: string): Http =>
    openHttp({
      baseUrl: url,
      limits: target.limits,
      proxy,
      ca,
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
  const hosts = new Map<string, Http>([[baseUrl, open(baseUrl)]]);
  const request = (asked: HttpRequest): Promise<HttpAnswer> => {
    const url = asked.baseUrl ?? baseUrl;
    const host = hosts.get(url) ?? open(url);
    hosts.set(url, host);
    return host.request(asked);
  };
  const close = async (): Promise<void> => {
    await Promise.all([...hosts.values()].map((host) => host.close()));
    await sandbox?.close();
  };
  try {
    const tools: Tools = { request, baseUrl, secret, now: () => world.clock.now() };
    const connection = await target.provider.connect(target.config, tools);
    return {
      provider: target.provider,
      connection,
      // The sandbox's port means nothing once the run is over.
      baseUrl: sandbox === null ? baseUrl : target.origin,
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

function proxyOf(proxy: string, secret: (reference: string) => Promise<string>): Promise<string> {
  return /^(env|file):/.test(proxy) ? secret(proxy) : Promise.resolve(proxy);
}
