import type { DuplicateRow } from '../domain/person.ts';
import { neutralise } from './csv.ts';

/** Written only when there are duplicates. */
export const duplicatesName = 'duplicates.csv';

/** One line per row that lost; the feeds have names where the job has several. */
export const duplicatesHeader = ['line', 'feed', 'key', 'winner_line', 'winner_feed', 'rule'] as const;

/** One line of `duplicates.csv`. */
export function duplicateRecord({ row, feed, key, winner, rule }: DuplicateRow): readonly string[] {
  return [String(row.line), feed ?? '', key, String(winner.line), winner.feed ?? '', rule].map(neutralise);
}

/** Where the rows that lost are named, for the people who read the numbers; null when there are none. */
export function duplicatesNote(duplicates: number): string | null {
  if (duplicates === 0) return null;
  const rows = duplicates === 1 ? '1 row' : `${duplicates.toLocaleString('en-GB')} rows`;
  return `${rows} lost to another row of the same person: ${duplicatesName} names both, and the rule`;
}
