import { parentPort, workerData } from 'node:worker_threads';
import fc from 'fast-check';
import { type FuzzKind, fuzzCases, fuzzKinds } from './fuzz-cases.ts';
import type { FuzzEnd } from './judge-case.ts';
import { judgeCase } from './judge-case.ts';

/** Many cases of one kind. */
export interface FuzzTask {
  readonly kind: FuzzKind;
  readonly seed: number;
  readonly runs: number;
}

export interface FuzzAnswer {
  readonly ends: Readonly<Record<FuzzEnd, number>>;
  /** The smallest case found that shows what is wrong, and what; null when nothing is. */
  readonly wrong: { readonly message: string; readonly job: string; readonly feed: string } | null;
}

export interface FuzzWorkerData {
  /** For the watchdog: how many cases have begun, and when the present one did (0: none is under way). */
  readonly progress: SharedArrayBuffer;
  /** Processor time that a case may take. */
  readonly limitMs: number;
  /** Belongs to this worker; who starts it removes it. */
  readonly folder: string;
}

const { progress: shared, limitMs, folder } = workerData as FuzzWorkerData;
const progress = new BigInt64Array(shared);

async function run({ kind, seed, runs }: FuzzTask): Promise<FuzzAnswer> {
  const ends = { 'job refused': 0, 'feed refused': 0, read: 0 };
  const property = fc.asyncProperty(fuzzCases(kind), async (one) => {
    Atomics.add(progress, 0, 1n);
    Atomics.store(progress, 1, BigInt(Date.now()));
    const before = process.threadCpuUsage();
    try {
      ends[await judgeCase(folder, one)] += 1;
      const { user, system } = process.threadCpuUsage(before);
      const tookMs = (user + system) / 1_000;
      if (tookMs > limitMs) throw new Error(`It took ${Math.round(tookMs)} ms of processor time.`);
    } finally {
      Atomics.store(progress, 1, 0n);
    }
  });
  const details = await fc.check(property, { seed, numRuns: runs });
  if (!details.failed) return { ends, wrong: null };
  const [smallest] = details.counterexample ?? [];
  const error = details.errorInstance;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const textOf = (bytes: Buffer | undefined): string => JSON.stringify(bytes?.toString('latin1') ?? '');
  return { ends, wrong: { message, job: smallest?.job.toString() ?? '', feed: textOf(smallest?.feed) } };
}

/** What is loaded and compiled on first use is not the fault of the first case. */
async function warmUp(): Promise<void> {
  for (const kind of fuzzKinds) {
    for (const one of fc.sample(fuzzCases(kind), { seed: 0, numRuns: 20 })) {
      await judgeCase(folder, one).catch(() => undefined);
    }
  }
}

await warmUp();
parentPort?.on('message', (task: FuzzTask | null) => {
  if (task !== null) {
    void run(task).then((answer) => parentPort?.postMessage(answer));
    return;
  }
  parentPort?.close();
});
parentPort?.postMessage('ready');
