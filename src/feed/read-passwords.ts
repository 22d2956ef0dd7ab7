import { Failure } from '../domain/failure.ts';
import type { Cell } from '../domain/person.ts';
import { Secret } from '../domain/secret.ts';
import type { FeedSettings } from '../domain/settings.ts';
import { type FeedFile, newTally, readContent } from './feed-file.ts';
import type { FeedRecord, FeedShape } from './feed-record.ts';
import { readRecords } from './read-records.ts';

/** Which rows are meant, and of which feed. */
export interface PasswordsWanted {
  readonly lines: ReadonlySet<number>;
  /** SHA-256 of the feed that gave these lines, in hex. */
  readonly sha256: string;
}

/**
 * The first passwords that the feed gives for some rows, by line; none for a row whose cell is empty. The feed is
 * read once more for it, and its other cells are not kept. Nothing is given before the last byte has shown that it
 * is the same feed.
 *
 * @throws Failure (exit 1): `FEED_CHANGED` for another feed, `FEED_PASSWORD` for a cell that is no text, and what
 * `openFeed` throws
 */
export async function readPasswords(
  settings: FeedSettings,
  file: FeedFile,
  { lines, sha256 }: PasswordsWanted,
): Promise<ReadonlyMap<number, Secret>> {
  const found = new Map<number, Secret>();
  const { passwordColumn } = settings;
  if (passwordColumn === null || lines.size === 0) return found;
  const tally = newTally();
  const bytes = readContent(file, tally, settings.limits);
  const shape: FeedShape = { headers: [], partial: false, warnings: [] };
  const options = { headers: [passwordColumn], headerAliases: {}, shape };
  for await (const records of readRecords(bytes, settings, options)) {
    for (const record of records) {
      if (record.trailer !== null || !lines.has(record.line)) continue;
      const password = passwordIn(record, file.name);
      if (password !== '') found.set(record.line, new Secret(password));
    }
  }
  if (tally.hash.digest('hex') !== sha256) throw changed(file.name);
  return found;
}

/** As it stands, since blanks may belong to it; a cell with nothing but blanks is empty. */
function passwordIn({ line, cells, unfit }: FeedRecord, path: string): string {
  const cell: Cell = cells[0] ?? '';
  if (typeof cell !== 'string' || unfit !== null) throw noText(path, line);
  return cell.trim() === '' ? '' : cell;
}

function changed(path: string): Failure {
  return new Failure({
    code: 'FEED_CHANGED',
    exit: 1,
    message: `The feed ${path} is no longer the one that was compared, so no first password was taken from it.`,
    hint: 'Run again once it is completely delivered.',
  });
}

function noText(path: string, line: number): Failure {
  return new Failure({
    code: 'FEED_PASSWORD',
    exit: 1,
    message: `${path}:${line}: the cell of feed.passwordColumn is not text.`,
    hint: 'Write it as text, in quotes.',
  });
}
