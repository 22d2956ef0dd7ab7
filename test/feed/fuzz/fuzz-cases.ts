import { stringify as toCsv } from 'csv-stringify/sync';
import fc from 'fast-check';
import { stringify as toYaml } from 'yaml';
import { naughtyStrings, strangeStrings } from '../naughty/naughty-strings.ts';
import { type FuzzFeed, type FuzzFormat, fuzzFeed, fuzzHeaders } from './fuzz-jobs.ts';
import { mutate, mutations } from './mutate.ts';

/** A job and its feed, both as bytes. */
export interface FuzzCase {
  readonly job: Buffer;
  readonly feed: Buffer;
  /** Rows that the feed has; null where it was mutated. */
  readonly rows: number | null;
}

export const fuzzKinds = ['csv', 'json', 'ndjson', 'job'] as const;
export type FuzzKind = (typeof fuzzKinds)[number];

/** The feed's file, named in every job. */
export const feedName = 'feed.txt';

type Cells = readonly unknown[];

const cell = fc.oneof(
  {
    arbitrary: fc.constantFrom(
      'Active',
      'Left',
      'ada@example.com',
      '2026-02-30',
      '2026-01-31',
      '31.12.2026',
      '+49 30 123456',
      'a;b;;a',
      '',
      ' ',
      'Y',
      '-',
      'ACME',
      'Europe/Berlin',
      'Mars/Base',
      'create',
      'gone',
    ),
    weight: 6,
  },
  { arbitrary: fc.constantFrom(...naughtyStrings), weight: 3 },
  { arbitrary: fc.constantFrom(...strangeStrings), weight: 1 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 12 }), weight: 1 },
);
const id = fc.integer({ min: 1, max: 9 }).map((number) => `E${number}`);
const csvRow = fc
  .tuple(id, id, fc.array(cell, { minLength: 12, maxLength: 12 }))
  .map(([one, two, rest]) => [one, two, ...rest]);

const jsonValue = fc.oneof(
  { arbitrary: cell, weight: 8 },
  {
    arbitrary: fc.constantFrom(
      null,
      true,
      false,
      0,
      -0,
      1.5,
      1e21,
      Number('9007199254740993'),
      [],
      {},
      ['a', 'b'],
      [1, null],
      { value: 'x' },
      [[['x']]],
    ),
    weight: 2,
  },
  { arbitrary: fc.jsonValue({ maxDepth: 4 }), weight: 1 },
);
const jsonRow = fc
  .tuple(id, id, fc.array(jsonValue, { minLength: 12, maxLength: 12 }))
  .map(([one, two, rest]) => [one, two, ...rest]);

const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1.5,
    true,
    [],
    {},
    [null],
    'x'.repeat(5_000),
    '__proto__',
    'env:X',
    '*',
    '2026-01-01',
    'constructor',
    [[]],
    { __proto__: null },
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Cases of one kind. */
export function fuzzCases(kind: FuzzKind): fc.Arbitrary<FuzzCase> {
  return kind === 'job' ? jobCases() : feedCases(kind);
}

function feedCases(format: FuzzFormat): fc.Arbitrary<FuzzCase> {
  const row: fc.Arbitrary<Cells> = format === 'csv' ? csvRow : jsonRow;
  return fc
    .tuple(fuzzFeed(format), fc.array(row, { maxLength: 12 }), mutations)
    .map(([feed, rows, changes]) => ({
      job: Buffer.from(toYaml(jobOf(feed))),
      feed: mutate(feedBytes(format, feed, rows), changes),
      rows: changes.length === 0 ? rows.length : null,
    }));
}

/** Sound jobs of which single values are replaced and then single bytes changed; the feed is a small sound one. */
function jobCases(): fc.Arbitrary<FuzzCase> {
  const replacement = fc.tuple(fc.array(fc.nat(9), { minLength: 1, maxLength: 5 }), oddValue);
  return fc
    .tuple(fuzzFeed('csv'), fc.array(replacement, { maxLength: 3 }), mutations)
    .map(([feed, replaced, changes]) => {
      const job = jobOf(feed);
      for (const [path, value] of replaced) replaceAt(job, path, structuredClone(value));
      return {
        job: mutate(Buffer.from(toYaml(job, { aliasDuplicateObjects: false })), changes),
        feed: feedBytes('csv', feed, [fuzzHeaders.map(() => 'x')]),
        rows: null,
      };
    });
}

function jobOf(feed: FuzzFeed): Record<string, unknown> {
  return {
    name: 'fuzz',
    ledger: 'ledger.db',
    feed: structuredClone({ path: feedName, ...feed }),
    match: 'userName',
    target: {
      provider: 'acme',
      baseUrl: 'https://acme.example.com',
      auth: { type: 'basic', username: 'svc', password: 'env:ACME_PASSWORD' },
    },
    policy: { leavers: [{ disable: 'now' }, { remove: 'after 90d' }] },
  };
}

/** Follows the path as far as there are fields, each number choosing one of them, and replaces what is there. */
function replaceAt(tree: object, path: readonly number[], value: unknown): void {
  const [first = 0, ...rest] = path;
  const names = Object.keys(tree);
  const name = names[first % Math.max(names.length, 1)];
  if (name === undefined) return;
  const fields = tree as Record<string, unknown>;
  const found = fields[name];
  if (rest.length > 0 && typeof found === 'object' && found !== null) replaceAt(found, rest, value);
  else if (name !== 'path') fields[name] = value;
}

function feedBytes(format: FuzzFormat, feed: FuzzFeed, rows: readonly Cells[]): Buffer {
  if (format === 'csv') return csvBytes(feed, rows);
  const objects = rows.map((cells) =>
    Object.fromEntries(fuzzHeaders.map((name, index) => [name, cells[index] ?? null])),
  );
  if (format === 'ndjson')
    return Buffer.from(objects.map((object) => `${JSON.stringify(object)}\n`).join(''));
  const nested = { users: { users: objects }, 'a.b': { a: { b: objects }, __proto__: {} } };
  const path = feed.records;
  return Buffer.from(JSON.stringify(path === 'users' || path === 'a.b' ? nested[path] : objects, null, 1));
}

const nodeEncodings: Readonly<Record<string, BufferEncoding>> = {
  'windows-1252': 'latin1',
  'iso-8859-15': 'latin1',
  'utf-16le': 'utf16le',
};

function csvBytes(feed: FuzzFeed, rows: readonly Cells[]): Buffer {
  const quote = feed.quote === undefined ? '"' : (feed.quote as string | null);
  const delimiter = feed.delimiter === 'tab' ? '\t' : ((feed.delimiter as string | undefined) ?? ',');
  const escapedBy = (feed.escape as string | undefined) ?? quote ?? '"';
  const whole = feed.whole as { readonly trailer?: string } | undefined;
  const trailer =
    whole?.trailer === undefined ? [] : [[whole.trailer, rows.length, ...Array<string>(12).fill('')]];
  const all = [fuzzHeaders, ...rows, ...trailer].map((cells) => cells.map(String));
  const text =
    quote === null
      ? all
          .map(
            (cells) =>
              `${cells.map((one) => one.replaceAll(/[\r\n]/g, ' ').replaceAll(delimiter, ' ')).join(delimiter)}\n`,
          )
          .join('')
      : toCsv(all, { delimiter, quote, escape: escapedBy, quoted: true });
  const encoding = nodeEncodings[String(feed.encoding)] ?? 'utf8';
  // Node would write the lower byte of a character that the encoding does not have: a line end may come of it.
  return Buffer.from(encoding === 'latin1' ? text.replaceAll(/[^\0-\xff]/g, '?') : text, encoding);
}
