import { createHash } from 'node:crypto';
import { appendFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import { checkFeed, openFeed } from '../../src/feed/read-feed.ts';
import {
  codes,
  collect,
  column,
  feedFile,
  keys,
  lines,
  readAll,
  readText,
  settingsOf,
  temporaryDirectory,
} from './feeds.ts';

const broken = join(import.meta.dirname, '../../fixtures/feed/broken');
const hrColumns = [
  column('externalId', 'Employee ID'),
  column('userName', 'User Login'),
  column('name.givenName', 'First Name'),
  column('name.familyName', 'Last Name'),
  column('emails.work', 'Email'),
];
const hr = (name: string) => settingsOf(join(broken, name), { columns: hrColumns });

describe('the ten broken feeds', () => {
  it('names a missing file and what to check', async () => {
    const failing = readAll(hr('nobody-delivered-it.csv'));
    await expect(failing).rejects.toMatchObject({
      code: 'FEED_MISSING',
      exit: 1,
      message: expect.stringContaining('nobody-delivered-it.csv'),
      hint: expect.stringContaining('feed.path'),
    });
  });

  it('refuses a directory', async () => {
    await expect(readAll(hr('.'))).rejects.toMatchObject({ code: 'FEED_DIRECTORY', exit: 1 });
  });

  it('reads an empty file as no rows, for a guard to judge', async () => {
    const read = await readAll(hr('empty.csv'));
    expect(read.facts).toMatchObject({ rows: 0, bytes: 0, whole: 'unproven' });
  });

  it('reads a header alone as no rows, for a guard to judge', async () => {
    const read = await readAll(hr('header-only.csv'));
    expect([read.facts.rows, read.people, read.quarantined]).toEqual([0, [], []]);
  });

  it('names the missing column, the nearest one and all that were found', async () => {
    const failure = await readAll(hr('wrong-header.csv')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ code: 'FEED_HEADER', exit: 1 });
    expect(String(failure)).toContain('no column "User Login" (nearest: "User-Login")');
    expect(String(failure)).toContain('"Employee ID", "User-Login", "First Name", "Last Name", "Email"');
  });

  it('sets aside only the row with the unclosed quote when the next line is a whole row', async () => {
    const read = await readAll(hr('unclosed-quote.csv'));
    expect(lines(read)).toEqual(['2 1001', '4 1003']);
    expect(read.quarantined).toMatchObject([
      { row: { line: 3 }, code: 'UNCLOSED_QUOTE', column: 'First Name', linkKey: null, matchKey: null },
    ]);
    expect(read.facts.rows).toBe(3);
  });

  it('sets aside only the ragged row, with both counts', async () => {
    const read = await readAll(hr('ragged-row.csv'));
    expect(lines(read)).toEqual(['2 1001', '4 1003']);
    expect(read.quarantined).toMatchObject([{ row: { line: 3 }, code: 'RAGGED_ROW', linkKey: null }]);
    expect(read.quarantined[0]?.message).toContain('4 cells where the header has 5');
  });

  it('says where latin-1 bytes are and which encoding to declare', async () => {
    await expect(readAll(hr('latin-1.csv'))).rejects.toMatchObject({
      code: 'FEED_ENCODING',
      exit: 1,
      message: expect.stringContaining('line 3, byte 107'),
      hint: expect.stringContaining('feed.encoding: windows-1252'),
    });
    const declared = await readAll({ ...hr('latin-1.csv'), encoding: 'windows-1252' });
    expect(declared.people[1]?.attributes['name.familyName']).toBe('Müller');
  });

  it('names the file and both places of a duplicate header', async () => {
    await expect(readAll(hr('duplicate-header.csv'))).rejects.toMatchObject({
      code: 'FEED_HEADER',
      exit: 1,
      message: expect.stringMatching(
        /duplicate-header\.csv: The feed has the column "User Login" twice: as column 2 and as column 6\.$/,
      ),
    });
  });

  it('gives both rows of a duplicate key, for the matching to judge', async () => {
    const read = await readAll(hr('duplicate-key.csv'));
    expect(read.people.map((person) => person.linkKey)).toEqual(['1001', '1001']);
  });
});

describe('openFeed', () => {
  it('knows the hash and the size of the raw bytes', async () => {
    const content = '\ufeffid,login,first\r\n1,ana,Ana\r\n';
    const { facts } = await readText(content);
    expect(facts).toMatchObject({
      sha256: createHash('sha256').update(content).digest('hex'),
      bytes: Buffer.byteLength(content),
      rows: 1,
      columns: ['id', 'login', 'first'],
    });
  });

  it('does not tell the facts before the end', async () => {
    const reading = await openFeed(settingsOf(await feedFile('id,login,first\n1,ana,Ana\n')), keys);
    expect(() => reading.facts()).toThrow('batches have ended');
  });

  it('refuses a wrong header before any batch is asked for', async () => {
    const path = await feedFile('id,first\n1,Ana\n');
    await expect(openFeed(settingsOf(path), keys)).rejects.toMatchObject({ code: 'FEED_HEADER' });
  });

  it('refuses a feed that changes while it is read', async () => {
    const path = await feedFile('id,login,first\n1,ana,Ana\n');
    const reading = await openFeed(settingsOf(path), keys);
    await appendFile(path, '2,bo,Bo\n');
    const drained = collect(reading.batches);
    await expect(drained).rejects.toMatchObject({ code: 'FEED_CHANGED', exit: 1 });
  });

  it('gives large feeds in small batches and loses no row between them', async () => {
    const rows = Array.from({ length: 12_345 }, (_, index) => `${index},user${index},"Ana ""${index}"""`);
    const reading = await openFeed(settingsOf(await feedFile(`id,login,first\n${rows.join('\n')}`)), keys);
    const sizes: number[] = [];
    const seen: string[] = [];
    for await (const { people, quarantined } of reading.batches) {
      sizes.push(people.length + quarantined.length);
      for (const person of people) seen.push(`${person.rows[0]?.line} ${person.key}`);
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    expect(seen).toEqual(rows.map((_, index) => `${index + 2} ${index}`));
  });

  it('refuses what is no plain file', async () => {
    const path = join(await temporaryDirectory(), 'device');
    await symlink('/dev/null', path);
    await expect(readAll(settingsOf(path))).rejects.toMatchObject({ code: 'FEED_UNREADABLE', exit: 1 });
  });
});

describe('a mended rejects file', () => {
  const mended = 'rollcall_code,id,login,first\nBAD_VALUE,1,ana,"\'=Ana"\nRAGGED_ROW,2,bo,\'Bo\n';

  it('is partial, and loses the apostrophes that kept a spreadsheet from running its cells', async () => {
    const read = await readText(mended);
    expect(read.facts.partial).toBe(true);
    expect(read.people.map((person) => person.attributes['name.givenName'])).toEqual(['=Ana', "'Bo"]);
  });

  it('is not measured by the row count of the feed it came from', async () => {
    const read = await readText(mended, { whole: { rows: 900, manifest: null, trailer: null } });
    expect(read.facts).toMatchObject({ whole: 'unproven', contradiction: null });
  });

  it('leaves apostrophes alone in any other feed', async () => {
    const read = await readText("id,login,first\n1,ana,'=Ana\n");
    expect(read.people[0]?.attributes['name.givenName']).toBe("'=Ana");
    expect(read.facts.partial).toBe(false);
  });
});

describe('a header in another spelling', () => {
  const aliases = { ...keys, headerAliases: { first: ['frist', 'fist'] } };

  it('counts as the column when it is declared, with a warning', async () => {
    const settings = settingsOf(await feedFile('id,login, frist \n1,ana,Ana\n'));
    const { people } = await readAll(settings, {}, aliases);
    expect(people[0]?.attributes['name.givenName']).toBe('Ana');
    const warnings = ['The feed\'s column "frist" is taken for "first".'];
    expect((await openFeed(settings, aliases)).warnings).toEqual(warnings);
    expect((await checkFeed(settings, aliases)).warnings).toEqual(warnings);
  });

  it('gives way to the right one', async () => {
    const settings = settingsOf(await feedFile('id,login,frist,first\n1,ana,Wrong,Ana\n'));
    const { people } = await readAll(settings, {}, aliases);
    expect(people[0]?.attributes['name.givenName']).toBe('Ana');
    expect((await checkFeed(settings, aliases)).warnings).toEqual([]);
  });

  it('is missing when nobody declared it', async () => {
    const settings = settingsOf(await feedFile('id,login,frist\n1,ana,Ana\n'));
    await expect(openFeed(settings, keys)).rejects.toMatchObject({ code: 'FEED_HEADER' });
  });
});

describe('checkFeed', () => {
  it('returns the headers that it found', async () => {
    const path = await feedFile('id,login,first, other \n1,ana,Ana,x\n');
    expect((await checkFeed(settingsOf(path), keys)).headers).toEqual(['id', 'login', 'first', 'other']);
  });

  it('fails as the reading would', async () => {
    const path = await feedFile('id,login\n');
    await expect(checkFeed(settingsOf(path), keys)).rejects.toMatchObject({ code: 'FEED_HEADER' });
  });

  it('leaves standard input alone', async () => {
    expect(await checkFeed(settingsOf('-', { source: { kind: 'stdin' } }), keys)).toEqual({
      headers: [],
      warnings: [],
    });
  });
});

it('quarantines and reads every row exactly once, whatever is broken', async () => {
  const rows = ['1,ana,Ana', '2,bo', '', '3,"cy,Cy', '4,di,Di', '5,e"d,Ed', '6,fi,Fi', ',gu,Gu', '8,,Ha'];
  const read = await readText(`id,login,first\n${rows.join('\r\n')}\r\n`);
  expect(lines(read)).toEqual(['2 1', '6 4', '8 6']);
  expect(codes(read)).toEqual([
    '3 RAGGED_ROW',
    '5 UNCLOSED_QUOTE',
    '7 BAD_QUOTE',
    '9 MISSING_KEY',
    '10 MISSING_KEY',
  ]);
  expect(read.facts.rows).toBe(8);
});
