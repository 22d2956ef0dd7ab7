import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../../../src/domain/failure.ts';
import type { FeedSettings } from '../../../src/domain/settings.ts';
import { openFeed } from '../../../src/feed/read-feed.ts';
import type { CleanFeed } from './clean-feeds.ts';
import { soundBytes } from './defects.ts';
import { isWellFormed } from './well-formed.ts';

/**
 * What became of a spoilt feed: all rows read; a few, or many, set aside; the whole refused; a sound feed of its own,
 * which nobody can tell from the first; cells that are wrong, or rows that are gone, without a word.
 */
export const verdicts = ['exact', 'narrow', 'wide', 'refused', 'undecidable', 'wrong', 'lost'] as const;
export type Verdict = (typeof verdicts)[number];

export interface Judgement {
  readonly verdict: Verdict;
  /** For the wrong and the lost: what is odd. */
  readonly detail: string;
}

/** Rows that a narrow defect may cost: its own, and the two beside it. */
const narrowMax = 3;

interface Read {
  readonly rows: readonly { readonly line: number; readonly cells: readonly string[] }[];
  readonly setAside: readonly number[];
}

/** Reads a spoilt feed and compares it with the sound one. */
export async function judge(
  bytes: Buffer,
  feed: CleanFeed,
  folder: string,
  settings: (difference: Partial<FeedSettings>) => FeedSettings,
): Promise<Judgement> {
  const file = path.join(folder, 'feed');
  await writeFile(file, bytes);
  const found = await read(settings({ path: file, source: { kind: 'file', path: file } }));
  // A feed without a single row is held by a guard.
  if (found === null || found.rows.length + found.setAside.length === 0)
    return { verdict: 'refused', detail: '' };
  const compared = compare(found, feed);
  if (compared.verdict !== 'wrong' && compared.verdict !== 'lost') return compared;
  if (!isWellFormed(bytes, feed)) return compared;
  // What no reader can see, a hash of the feed shows.
  const manifest = path.join(folder, 'feed.sha256');
  await writeFile(manifest, createHash('sha256').update(soundBytes(feed)).digest('hex'));
  const whole = { rows: null, manifest, trailer: null };
  const proof = await proofOf(settings({ path: file, source: { kind: 'file', path: file }, whole }));
  return proof === 'contradicted' ? { verdict: 'undecidable', detail: '' } : compared;
}

async function read(settings: FeedSettings): Promise<Read | null> {
  const rows: { line: number; cells: readonly string[] }[] = [];
  const setAside: number[] = [];
  try {
    const reading = await openFeed(settings, keysOf(settings));
    for await (const batch of reading.batches) {
      for (const { rows: own } of batch.people) {
        for (const { line, cells } of own) rows.push({ line, cells: cells.map(String) });
      }
      setAside.push(...batch.quarantined.map(({ row }) => row.line));
    }
    return { rows, setAside };
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

async function proofOf(settings: FeedSettings): Promise<string> {
  const reading = await openFeed(settings, keysOf(settings));
  for await (const _ of reading.batches);
  return reading.facts().whole;
}

function keysOf({ columns }: FeedSettings) {
  const rule = { type: 'string', caseExact: false, writable: 'always', required: false } as const;
  return {
    match: ['userName'],
    rules: Object.fromEntries(columns.map(({ attribute }) => [attribute, rule])),
  };
}

/** Rows that were read are rows of the sound feed, in its order; each gap between them has a word about it. */
function compare({ rows, setAside }: Read, { records }: CleanFeed): Judgement {
  const clean = records.slice(1).map((cells) => JSON.stringify(cells.map((cell) => trimmed(cell))));
  let next = 0;
  let line = 0;
  let missing = 0;
  for (const row of rows) {
    const text = JSON.stringify(row.cells.map(trimmed));
    const at = clean.indexOf(text, next);
    if (at === -1) return { verdict: 'wrong', detail: `line ${row.line}: ${text}` };
    if (at > next && !between(setAside, line, row.line)) return lost(next, line);
    missing += at - next;
    next = at + 1;
    line = row.line;
  }
  if (next < clean.length && !between(setAside, line, Number.POSITIVE_INFINITY)) return lost(next, line);
  missing += clean.length - next;
  if (missing > narrowMax) return { verdict: 'wide', detail: `${missing} rows` };
  return { verdict: missing === 0 ? 'exact' : 'narrow', detail: '' };
}

function lost(row: number, line: number): Judgement {
  return { verdict: 'lost', detail: `row ${row + 1} after line ${line}` };
}

function between(lines: readonly number[], after: number, before: number): boolean {
  return lines.some((line) => line > after && line < before);
}

/** Line ends of a cell are compared as one kind. */
function trimmed(cell: string): string {
  return cell.trim().replace(/\r\n|\r/g, '\n');
}
