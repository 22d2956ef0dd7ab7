import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import { createLimiter } from '../http/limiter.ts';
import type { Job } from '../job/job.ts';
import { readSecret } from '../job/secret.ts';
import { refuseNetworkMount } from '../ledger/network-mount.ts';
import { toolVersion } from './version.ts';
import { readWay } from './way.ts';
import type { World } from './world.ts';

export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** What was found, for people; no secret. */
  readonly detail: string;
}

const nodeMajorMin = 24;
const freeBytesMin = 200_000_000;
/** Tokens and signed requests are refused beyond some minutes; this leaves room. */
const skewMaxMs = 60_000;

/** What this machine has to have for any job. */
export function examineNode(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  return {
    what: 'node',
    ok: major >= nodeMajorMin,
    detail: `${process.version}, ${nodeMajorMin} or newer is needed`,
  };
}

/** Whether the ledger's folder is local, has room, and keeps what is synced to it. */
export function examineLedgerDisk(job: Job): Finding {
  const what = 'ledger';
  const folder = existingFolder(path.dirname(job.ledger));
  const probe = path.join(folder, `.rollcall-doctor-${process.pid}`);
  try {
    refuseNetworkMount(realpathSync(folder));
    const { bavail, bsize } = statfsSync(folder);
    const freeMb = Math.floor((bavail * bsize) / 1_000_000);
    if (bavail * bsize < freeBytesMin)
      return { what, ok: false, detail: `only ${freeMb} MB are free in ${folder}` };
    syncProbe(probe);
    return { what, ok: true, detail: `${folder} is local, takes synced writes, ${freeMb} MB free` };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { what, ok: false, detail: `${folder}: ${why}` };
  } finally {
    rmSync(probe, { force: true });
  }
}

/** The nearest folder above that is there: the first run makes the rest. */
function existingFolder(folder: string): string {
  const above = path.dirname(folder);
  return existsSync(folder) || above === folder ? folder : existingFolder(above);
}

function syncProbe(file: string): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeSync(descriptor, 'synced');
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether every secret that the job refers to is there. */
export async function examineSecrets(job: Job): Promise<readonly Finding[]> {
  if (job.target.sandbox !== null) return [];
  const findings: Finding[] = [];
  for (const reference of referencesIn(job.target.config)) {
    const detail = await readSecret(reference, job.directory).then(
      () => null,
      (error: unknown) => (error instanceof Failure ? error.message : 'it cannot be read'),
    );
    findings.push({ what: 'secret', ok: detail === null, detail: detail ?? `${reference} is there` });
  }
  return findings;
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return /^(env|file):.+$/.test(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(referencesIn);
}

/** Whether the target answers at all, how, and how far its clock is from ours. No credential is sent. */
export async function examineTarget(job: Job, world: World): Promise<readonly Finding[]> {
  const { target } = job;
  if (target.sandbox !== null || target.baseUrl === null) {
    return [{ what: 'target', ok: true, detail: 'a sandbox, which each command starts' }];
  }
  try {
    const { openHttp } = await import('../http/request.ts');
    const way = await readWay(job);
    const { limits, baseUrl } = target;
    const http = openHttp({
      ...way,
      baseUrl,
      limits: { ...limits, requestTimeoutMs: 10_000, outageMaxMs: 1 },
      limiter: createLimiter([], world.clock, { waitMaxMs: 1_000 }),
      clock: world.clock,
      random: world.random,
      signal: world.signal,
      userAgent: `rollcall/${toolVersion}`,
    });
    try {
      const answer = await http.request({ method: 'GET', path: '/', safe: true });
      await answer.text().catch(() => '');
      const { status, headers } = answer;
      const through = way.proxy === null ? '' : ' through the proxy';
      const reached = { what: 'target', ok: true, detail: `${target.origin} answers${through} (${status})` };
      return [reached, ...clockFinding(headers.date, world.clock.now())];
    } finally {
      await http.close();
    }
  } catch (error) {
    const detail = error instanceof Failure ? error.message : 'it cannot be reached';
    return [{ what: 'target', ok: false, detail }];
  }
}

function clockFinding(date: string | undefined, nowMs: number): readonly Finding[] {
  const theirs = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return [];
  const skewMs = Math.abs(nowMs - theirs);
  const detail = `${Math.round(skewMs / 1_000)} s apart from the target's`;
  return [{ what: 'clock', ok: skewMs <= skewMaxMs, detail }];
}
