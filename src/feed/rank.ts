import type { Preference } from '../domain/settings.ts';
import { textAt, wordOf } from './cell-values.ts';
import type { FeedDateReader } from './feed-dates.ts';
import type { FeedRecord } from './feed-record.ts';

/** How a row ranks among others of the same person, one number for each rule: the higher wins. */
export type Ranker = (record: FeedRecord) => readonly number[];

/** Below everything that can be ranked. JSON, by which people are staged, has no infinity. */
const lowestRank = Number.MIN_SAFE_INTEGER;

/** The job's rules as one function. */
export function rankerOf(
  rules: readonly Preference[],
  headers: readonly string[],
  dates: FeedDateReader,
): Ranker {
  const ranks = rules.map((rule) => rankOf(rule, headers.indexOf(rule.column), dates));
  return (record) => ranks.map((rank) => rank(record));
}

function rankOf(rule: Preference, position: number, dates: FeedDateReader): (record: FeedRecord) => number {
  if (rule.kind === 'is') {
    const word = wordOf(rule.word);
    return (record) => (wordIn(record, position) === word ? 1 : 0);
  }
  const sign = rule.kind === 'latest' || rule.kind === 'highest' ? 1 : -1;
  const byDate = rule.kind === 'latest' || rule.kind === 'earliest';
  return (record) => {
    const value = byDate ? dateIn(record, position, dates) : numberIn(record, position);
    return value === null ? lowestRank : sign * value;
  };
}

function wordIn(record: FeedRecord, position: number): string | null {
  const text = textAt(record, position);
  return typeof text === 'string' ? wordOf(text) : null;
}

function dateIn(record: FeedRecord, position: number, dates: FeedDateReader): number | null {
  const text = textAt(record, position);
  const zone = dates.zoneOf(record);
  if (typeof text !== 'string' || text === '' || typeof zone !== 'string') return null;
  return dates.read(text, zone)?.ms ?? null;
}

/** Plain decimal numbers, with a point: what a comma means is not guessed at. */
function numberIn(record: FeedRecord, position: number): number | null {
  const text = textAt(record, position);
  if (typeof text !== 'string' || !/^[+-]?\d{1,15}(?:\.\d{1,15})?$/.test(text)) return null;
  return Number(text);
}
