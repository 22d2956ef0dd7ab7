import type { Person, QuarantinedRow } from '../../src/domain/person.ts';
import type { Cell } from '../../src/domain/person.ts';
import type { Column, FeedSettings } from '../../src/domain/settings.ts';
import { usedHeaders } from '../../src/domain/used-headers.ts';
import type { FeedRecord } from '../../src/feed/feed-record.ts';
import { type FeedKeys, type MappedRow, RecordMapper } from '../../src/feed/map-record.ts';
import { columns, keys, settingsOf } from './feeds.ts';

/** The day on which these tests take place. */
export const asOf = '2026-03-15T12:00:00Z';

export interface MapOptions {
  readonly feedKeys?: FeedKeys;
  readonly asOf?: string;
  readonly unfit?: FeedRecord['unfit'];
}

/** Maps one record with these cells by header; `id` and `login` are there unless they are given. */
export function mapRow(
  cells: Readonly<Record<string, Cell | undefined>>,
  difference: Partial<FeedSettings> = {},
  options: MapOptions = {},
): MappedRow {
  const settings = settingsOf('feed', { columns: columns.slice(0, 2), ...difference });
  const headers = usedHeaders(settings);
  const all: Readonly<Record<string, Cell | undefined>> = { id: '1', login: 'ana', ...cells };
  const absent = new Set(headers.flatMap((name, position) => (all[name] === undefined ? [position] : [])));
  const mapper = new RecordMapper(settings, headers, options.feedKeys ?? keys, options.asOf ?? asOf);
  return mapper.map({
    line: 2,
    cells: headers.map((name) => all[name] ?? ''),
    fault: null,
    unfit: options.unfit ?? null,
    absent: absent.size === 0 ? null : absent,
    trailer: null,
  });
}

/** The same with more columns than those of the identity. */
export function mapColumns(
  more: readonly Column[],
  cells: Readonly<Record<string, Cell | undefined>>,
  difference: Partial<FeedSettings> = {},
): MappedRow {
  return mapRow(cells, { columns: [...columns.slice(0, 2), ...more], ...difference });
}

/** The person that a row became; fails for a row that became none. */
export function personIn(mapped: MappedRow): Person {
  if ('rows' in mapped) return mapped;
  throw new Error(`The row is no person: ${JSON.stringify(mapped)}`);
}

/** The row as it was set aside; fails for a row that was not. */
export function faultIn(mapped: MappedRow): QuarantinedRow {
  if ('code' in mapped) return mapped;
  throw new Error(`The row is not set aside: ${JSON.stringify(mapped)}`);
}
