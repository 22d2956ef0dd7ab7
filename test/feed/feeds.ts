import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AttributeRule } from '../../src/contracts/provider.ts';
import type { FeedFacts } from '../../src/domain/feed-facts.ts';
import type { ExcludedRow, Person, QuarantinedRow } from '../../src/domain/person.ts';
import type { Column, FeedSettings } from '../../src/domain/settings.ts';
import type { FeedKeys } from '../../src/feed/map-record.ts';
import { type FeedOptions, openFeed } from '../../src/feed/read-feed.ts';
import { column, plainFeed } from './plain-feed.ts';

export { column, plainFeed };

export function rule(difference: Partial<AttributeRule> = {}): AttributeRule {
  return { type: 'string', caseExact: false, writable: 'always', required: false, ...difference };
}

/** Three columns: lasting id, login, first name. */
export const columns: readonly Column[] = [
  column('externalId', 'id'),
  column('userName', 'login'),
  column('name.givenName', 'first'),
];

export const keys: FeedKeys = {
  match: ['userName'],
  rules: {
    userName: rule({ required: true }),
    'name.givenName': rule(),
    'emails.work': rule({ format: 'email' }),
    department: rule({ charactersMax: 5 }),
    roles: rule({ type: 'set' }),
    vip: rule({ type: 'boolean' }),
    active: rule({ type: 'boolean' }),
  },
};

export function settingsOf(path: string, difference: Partial<FeedSettings> = {}): FeedSettings {
  return {
    ...plainFeed,
    path,
    source: { kind: 'file', path },
    columns,
    ...difference,
  };
}

/** A directory that is gone when the test is. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-feed-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export async function feedFile(content: string | Buffer): Promise<string> {
  const path = join(await temporaryDirectory(), 'feed');
  await writeFile(path, content);
  return path;
}

export interface ReadFeed {
  readonly people: readonly Person[];
  readonly quarantined: readonly QuarantinedRow[];
  readonly excluded: readonly ExcludedRow[];
  readonly facts: FeedFacts;
}

/** Reads a whole feed, which only a small one may be. */
export async function readAll(
  settings: FeedSettings,
  options: FeedOptions = {},
  feedKeys: FeedKeys = keys,
): Promise<ReadFeed> {
  const people: Person[] = [];
  const quarantined: QuarantinedRow[] = [];
  const excluded: ExcludedRow[] = [];
  const reading = await openFeed(settings, feedKeys, options);
  for await (const batch of reading.batches) {
    people.push(...batch.people);
    quarantined.push(...batch.quarantined);
    excluded.push(...batch.excluded);
  }
  return { people, quarantined, excluded, facts: reading.facts() };
}

/** Reads a feed with this content. */
export async function readText(
  content: string | Buffer,
  difference: Partial<FeedSettings> = {},
  feedKeys: FeedKeys = keys,
): Promise<ReadFeed> {
  return readAll(settingsOf(await feedFile(content), difference), {}, feedKeys);
}

/** Line and code of each quarantined row. */
export function codes(read: ReadFeed): string[] {
  return read.quarantined.map((one) => `${one.row.line} ${one.code}`);
}

/** Line and key of each person. */
export function lines(read: ReadFeed): string[] {
  return read.people.map((person) => `${person.rows[0]?.line} ${person.key}`);
}

/** Everything that an iterable of some values gives. */
export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
