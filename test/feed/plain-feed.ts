import type { Column, FeedSettings } from '../../src/domain/settings.ts';
import { defaultFeedLimits } from '../../src/job/feed-limits.ts';

// Apart from the other helpers, so that scripts can use it without vitest.

/** A column as the job would give it, with only the differences stated. */
export function column(attribute: string, from: string | null, difference: Partial<Column> = {}): Column {
  return {
    attribute,
    from: from === null ? [] : [from],
    join: ' ',
    value: null,
    transform: [],
    write: 'always',
    empty: 'keep',
    clearWords: [],
    split: ';',
    owned: [],
    activeWords: [],
    leaverWords: [],
    leaveWords: [],
    ...difference,
  };
}

/** A full CSV feed in UTF-8 with nothing special about it, and without columns. */
export const plainFeed: Omit<FeedSettings, 'path' | 'source'> = {
  name: '',
  delivery: { marker: null, stableMs: 0, waitMs: 0 },
  mode: 'full',
  format: 'csv',
  encoding: 'utf-8',
  delimiter: ',',
  quote: '"',
  escape: '"',
  finalNewline: 'optional',
  recordsAt: null,
  sheet: null,
  columns: [],
  passwordColumn: null,
  whole: { rows: null, manifest: null, trailer: null },
  where: [],
  outside: 'keep',
  onePerson: null,
  action: null,
  employment: { start: null, end: null },
  dates: { formats: ['yyyy-MM-dd'], timeZone: 'UTC', timeZoneColumn: null },
  limits: defaultFeedLimits,
  maxAgeMs: null,
  older: 'hold',
  afterwards: { kind: 'leave' },
  optional: false,
};
