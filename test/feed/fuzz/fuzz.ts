import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type FuzzKind, fuzzKinds } from './fuzz-cases.ts';
import type { FuzzAnswer, FuzzTask, FuzzWorkerData } from './fuzz-worker.ts';

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  readonly workers: number;
  /** Processor time that a case may take. */
  readonly limitMs: number;
  readonly onProgress?: (done: number) => void;
}

export interface FuzzResult {
  readonly runs: Readonly<Record<FuzzKind, FuzzAnswer['ends']>>;
  /** What is wrong, with the smallest case that shows it. */
  readonly wrong: readonly string[];
}

const chunkRuns = 500;
const watchEveryMs = 50;
/** A busy machine makes a case last longer than it computes; one that lasts so many times longer hangs. */
const patience = 10;

/**
 * Sends random jobs and feeds through the reader, the kinds in turn. A watchdog outside of the worker ends one that
 * hangs, in an endless loop too.
 */
export async function fuzz({ runs, seed, workers, limitMs, onProgress }: FuzzOptions): Promise<FuzzResult> {
  const tasks = tasksOf(runs, seed);
  const totals = Object.fromEntries(fuzzKinds.map((kind) => [kind, newEnds()])) as Record<FuzzKind, Ends>;
  const wrong: string[] = [];
  let done = 0;
  const work = async (): Promise<void> => {
    let worker = await FuzzProcess.start(limitMs);
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      const answer = await worker.run(task, limitMs * patience);
      const about = `${task.kind}, seed ${task.seed}`;
      if (answer === 'hangs') {
        wrong.push(`${about}, case ${worker.casesBegun}: it hangs`);
        worker = await FuzzProcess.start(limitMs);
        continue;
      }
      const ends = totals[task.kind];
      for (const name of Object.keys(ends) as (keyof Ends)[]) ends[name] += answer.ends[name];
      if (answer.wrong !== null) {
        wrong.push(`${about}: ${answer.wrong.message}\n${answer.wrong.job}\nfeed: ${answer.wrong.feed}`);
      }
      done += task.runs;
      onProgress?.(done);
    }
    await worker.end();
  };
  await Promise.all(Array.from({ length: workers }, work));
  return { runs: totals, wrong };
}

type Ends = { -readonly [Name in keyof FuzzAnswer['ends']]: number };

function newEnds(): Ends {
  return { 'job refused': 0, 'feed refused': 0, read: 0 };
}

/** CSV is half of it; every task has a seed of its own. */
function tasksOf(runs: number, seed: number): FuzzTask[] {
  const order: readonly FuzzKind[] = ['csv', 'json', 'csv', 'job', 'csv', 'ndjson'];
  const tasks: FuzzTask[] = [];
  const size = Math.min(chunkRuns, Math.ceil(runs / order.length));
  for (let from = 0; from < runs; from += size) {
    const kind = order[tasks.length % order.length] ?? 'csv';
    tasks.push({ kind, seed: seed * 1_000_003 + tasks.length, runs: Math.min(size, runs - from) });
  }
  return tasks.reverse();
}

class FuzzProcess {
  readonly #shared = new SharedArrayBuffer(16);
  readonly #progress = new BigInt64Array(this.#shared);
  readonly #folder = mkdtempSync(join(tmpdir(), 'rollcall-fuzz-'));
  readonly #worker: Worker;

  private constructor(limitMs: number) {
    const workerData: FuzzWorkerData = { progress: this.#shared, limitMs, folder: this.#folder };
    this.#worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), { workerData });
  }

  static async start(limitMs: number): Promise<FuzzProcess> {
    const started = new FuzzProcess(limitMs);
    await once(started.#worker, 'message');
    return started;
  }

  get casesBegun(): number {
    return Number(Atomics.load(this.#progress, 0));
  }

  async run(task: FuzzTask, patienceMs: number): Promise<FuzzAnswer | 'hangs'> {
    Atomics.store(this.#progress, 0, 0n);
    const hang = Promise.withResolvers<'hangs'>();
    const watchdog = setInterval(() => {
      const began = Number(Atomics.load(this.#progress, 1));
      if (began !== 0 && Date.now() - began > patienceMs) hang.resolve('hangs');
    }, watchEveryMs);
    try {
      const answered = once(this.#worker, 'message').then(([answer]) => answer as FuzzAnswer);
      this.#worker.postMessage(task);
      const answer = await Promise.race([answered, hang.promise]);
      if (answer === 'hangs') {
        await this.#worker.terminate();
        this.#removeFolder();
      }
      return answer;
    } finally {
      clearInterval(watchdog);
    }
  }

  async end(): Promise<void> {
    const exited = once(this.#worker, 'exit');
    this.#worker.postMessage(null);
    await exited;
    this.#removeFolder();
  }

  #removeFolder(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
