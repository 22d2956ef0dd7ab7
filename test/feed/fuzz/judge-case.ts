import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../../src/domain/failure.ts';
import type { FeedSettings } from '../../../src/domain/settings.ts';
import { openFeed } from '../../../src/feed/read-feed.ts';
import { readJob } from '../../../src/job/read-job.ts';
import { fakeProvider } from '../../job/fake-provider.ts';
import { rule } from '../feeds.ts';
import { feedName, type FuzzCase } from './fuzz-cases.ts';

/** How far a case came. */
export type FuzzEnd = 'job refused' | 'feed refused' | 'read';

const provider = {
  ...fakeProvider,
  attributes: {
    ...fakeProvider.attributes,
    title: rule({ charactersMax: 40 }),
    vip: rule({ type: 'boolean' }),
  },
};

const prototypes = [Object.prototype, Array.prototype, String.prototype, Function.prototype];
const ownKeys = (): string => prototypes.map((one) => Reflect.ownKeys(one).map(String).join()).join('\n');
const untouched = ownKeys();

/**
 * Reads the job and its feed as a run does, in a folder of the caller's.
 *
 * @throws Error for everything that must not be: a crash, a row in no bucket or in two, a line that is not there
 */
export async function judgeCase(folder: string, one: FuzzCase): Promise<FuzzEnd> {
  const jobFile = join(folder, 'job.yaml');
  writeFileSync(jobFile, one.job);
  writeFileSync(join(folder, feedName), one.feed);
  const end = await readCase(jobFile, join(folder, feedName), one);
  if (ownKeys() !== untouched) throw new Error('A prototype has been changed.');
  return end;
}

async function readCase(jobFile: string, feedFile: string, one: FuzzCase): Promise<FuzzEnd> {
  const job = await known(async () => (await readJob(jobFile, { providers: { acme: provider } })).job);
  if (job === null) return 'job refused';
  // A mutated path may name anything; only our own file is read.
  const [settings] = job.feeds;
  if (settings?.source.kind !== 'file' || settings.source.path !== feedFile) return 'job refused';
  return (await known(() => readWhole(settings, job.match, one))) === null ? 'feed refused' : 'read';
}

/** What the work gives, or null for a known trouble. */
async function known<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure && error.code !== 'BUG' && !/\n\s+at /.test(error.message)) return null;
    throw error;
  }
}

async function readWhole(
  settings: FeedSettings,
  match: readonly string[],
  { feed, rows }: FuzzCase,
): Promise<true> {
  const { attributes: rules, headerAliases } = provider;
  const reading = await openFeed(settings, { match, rules, headerAliases });
  const lines: number[] = [];
  for await (const { people, quarantined, excluded } of reading.batches) {
    lines.push(...people.flatMap((person) => person.rows.map(({ line }) => line)));
    lines.push(...[...quarantined, ...excluded].map(({ row }) => row.line));
  }
  const facts = reading.facts();
  if (lines.length !== facts.rows) throw new Error(`${facts.rows} rows are in ${lines.length} buckets.`);
  if (rows !== null && facts.rows !== rows) throw new Error(`${rows} rows have become ${facts.rows}.`);
  if (settings.format !== 'json' && new Set(lines).size !== lines.length) {
    throw new Error('Two rows are said to begin on one line.');
  }
  const last = 1 + feed.reduce((ends, byte) => ends + (byte === 0x0a || byte === 0x0d ? 1 : 0), 0);
  const outside = lines.find((line) => !(line >= 1 && line <= last));
  if (outside !== undefined) throw new Error(`A row is said to be on line ${outside} of ${last}.`);
  return true;
}
