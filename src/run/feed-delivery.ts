import path from 'node:path';
import type { Ledger, Scope } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { FeedSettings } from '../domain/settings.ts';
import { awaitDelivery } from '../feed/await-delivery.ts';
import { type FeedFile, findFeedFile, hashFeedFile } from '../feed/feed-file.ts';
import { findFiles } from '../feed/find-files.ts';
import { runFeedCommand } from '../feed/run-feed-command.ts';
import { discardCopy, spool, spoolFile } from '../feed/spool.ts';
import type { Job } from '../job/job.ts';
import { takenBy } from './taken-feeds.ts';
import type { World } from './world.ts';

/** What one run is given to read. */
export interface GivenFeeds {
  /** In the order of the job's feeds; null for one that is not there, or that has nothing new. */
  readonly files: readonly (FeedFile | null)[];
  /** How many deltas wait behind this one. */
  readonly waiting: number;
  /** Notes that the run has done all that they ask for. */
  settledBy(runId: string): void;
}

/**
 * The feeds of a job as one command finds them. Each is looked for when the first target asks for it, and what was
 * found, or that nothing was, holds for all the others.
 */
export class FeedDelivery {
  readonly #tools: Tools;
  readonly #found = new Map<number, Promise<readonly DeliveredFile[] | null>>();

  /** @param jobs the targets that are run: several read a copy, so that they cannot see different feeds */
  constructor(jobs: readonly Job[], world: World) {
    const [first] = jobs;
    this.#tools = { world, spoolDirectory: path.dirname(first?.ledger ?? '.'), isShared: jobs.length > 1 };
  }

  /**
   * What the next run of this target reads; null when nothing waits for it. To be called by a run that has the lock,
   * since it asks the ledger what was taken already.
   *
   * @throws Failure as finding, awaiting, hashing and copying a feed do
   */
  async next(job: Job, ledger: Ledger): Promise<GivenFeeds | null> {
    const scope: Scope = { job: job.name, origin: job.target.origin };
    const chosen: Chosen[] = [];
    for (const [position, settings] of job.feeds.entries()) {
      chosen.push(await choose(settings, await this.#find(position, settings), { scope, ledger }));
    }
    if (chosen.every(({ hasNothingNew }) => hasNothingNew)) return null;
    const files: (FeedFile | null)[] = [];
    for (const { delivered } of chosen) {
      delivered?.askedBy.add(scope.origin);
      files.push(delivered === null ? null : await delivered.open());
    }
    return {
      files,
      waiting: Math.max(...chosen.map(({ behind }) => behind)),
      settledBy: (runId) => {
        for (const { delivered } of chosen) delivered?.settled.set(scope.origin, runId);
      },
    };
  }

  /** All files that were found. */
  async delivered(): Promise<readonly DeliveredFile[]> {
    const all = await Promise.all([...this.#found.values()].map((finding) => finding.catch(() => null)));
    return all.flatMap((files) => files ?? []);
  }

  /** Lets go of all copies. */
  async close(): Promise<void> {
    for (const delivered of await this.delivered()) await delivered.close();
  }

  #find(position: number, settings: FeedSettings): Promise<readonly DeliveredFile[] | null> {
    const known = this.#found.get(position);
    if (known !== undefined) return known;
    const finding = deliver(settings, this.#tools);
    this.#found.set(position, finding);
    return finding;
  }
}

interface Tools {
  readonly world: World;
  readonly spoolDirectory: string;
  /** Whether more than one run reads the same. */
  readonly isShared: boolean;
}

/** A file as it was found, or a copy of what was no file. */
export class DeliveredFile {
  readonly settings: FeedSettings;
  /** The runs that have done all that it asks for, by the origin of their target. */
  readonly settled = new Map<string, string>();
  /** Origins of the targets that were to take it. */
  readonly askedBy = new Set<string>();
  readonly #tools: Tools;
  #file: FeedFile;
  #sha256: string | null = null;
  #opened: Promise<FeedFile> | null = null;

  constructor(settings: FeedSettings, file: FeedFile, tools: Tools) {
    this.settings = settings;
    this.#file = file;
    this.#tools = tools;
  }

  /** As it lies on disk; a copy for what was no file. */
  get file(): FeedFile {
    return this.#file;
  }

  async sha256(): Promise<string> {
    this.#sha256 ??= await hashFeedFile(this.#file);
    return this.#sha256;
  }

  /** The file to be read, once it is completely delivered. */
  open(): Promise<FeedFile> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  /** The run by which this target has it behind itself; null when it is still to be taken. */
  async takenBy(scope: Scope, ledger: Ledger): Promise<string | null> {
    const { settings } = this;
    const question = { settings, sha256: await this.sha256(), file: path.basename(this.#file.name), scope };
    return takenBy(question, ledger);
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => null);
    await discardCopy(this.#file);
    if (opened && opened !== this.#file) await discardCopy(opened);
  }

  async #open(): Promise<FeedFile> {
    if (this.#file.copy !== null) return this.#file;
    const { delivery, limits } = this.settings;
    const { name } = this.#file;
    const whole = await awaitDelivery(delivery, () => findFeedFile(name), this.#tools.world);
    if (whole.identity.modifiedNs !== this.#file.identity.modifiedNs) this.#sha256 = null;
    this.#file = whole;
    if (!this.#tools.isShared) return whole;
    return spoolFile(whole, this.#tools.spoolDirectory, limits.fileBytes);
  }
}

/** @returns null for an optional feed that is not there; none for a pattern of deltas without a file */
async function deliver(settings: FeedSettings, tools: Tools): Promise<readonly DeliveredFile[] | null> {
  try {
    const files = await findAll(settings, tools);
    return files.map((file) => new DeliveredFile(settings, file, tools));
  } catch (error) {
    if (settings.optional && error instanceof Failure && error.code === 'FEED_MISSING') return null;
    throw error;
  }
}

async function findAll(settings: FeedSettings, tools: Tools): Promise<readonly FeedFile[]> {
  const { source, delivery, limits, path: name } = settings;
  const { world, spoolDirectory } = tools;
  const input = { name, modifiedAt: null, bytesMax: limits.fileBytes };
  switch (source.kind) {
    case 'stdin':
      return [await spool(world.stdin, spoolDirectory, input)];
    case 'command':
      return [await spool(runFeedCommand(source, world), spoolDirectory, input)];
    default:
      if (source.kind === 'pattern' && source.pick === 'all') return findFiles(source, delivery);
      return [await awaitDelivery(delivery, async () => onlyOne(await findFiles(source, delivery)), world)];
  }
}

function onlyOne([file]: readonly FeedFile[]): FeedFile {
  if (file === undefined) throw new Error('A source that gives one file gave none.');
  return file;
}

/** Which of a feed's files a run reads. */
interface Chosen {
  readonly delivered: DeliveredFile | null;
  /** True where everything was taken already. */
  readonly hasNothingNew: boolean;
  readonly behind: number;
}

/** A full feed says what is so and may be read again and again; a delta says what to do, and is taken once. */
async function choose(
  settings: FeedSettings,
  files: readonly DeliveredFile[] | null,
  { scope, ledger }: { readonly scope: Scope; readonly ledger: Ledger },
): Promise<Chosen> {
  if (files === null || settings.mode === 'full') {
    return { delivered: files?.[0] ?? null, hasNothingNew: false, behind: 0 };
  }
  const waiting: DeliveredFile[] = [];
  for (const delivered of files) {
    const runId = await delivered.takenBy(scope, ledger);
    if (runId === null) waiting.push(delivered);
    else delivered.settled.set(scope.origin, runId);
  }
  const [next] = waiting;
  return {
    delivered: next ?? null,
    hasNothingNew: next === undefined,
    behind: Math.max(0, waiting.length - 1),
  };
}
