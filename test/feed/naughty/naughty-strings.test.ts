import { expect, it } from 'vitest';
import { codes, readText } from '../feeds.ts';
import { naughtyStrings, strangeStrings } from './naughty-strings.ts';

const header = 'id,login,first\n';
const line = (text: string, index: number): string =>
  `E${index},ada${index}@example.com,"${text.replaceAll('"', '""')}"\n`;

it('has 500 strings and more, each trimmed and sound', () => {
  expect(naughtyStrings.length).toBeGreaterThanOrEqual(500);
  expect(naughtyStrings.filter((text) => text.trim() !== text || text === '')).toEqual([]);
  expect(naughtyStrings.filter((text) => !text.isWellFormed())).toEqual([]);
});

it('gives a name as it stands in the feed, whatever it looks like', async () => {
  const read = await readText(header + naughtyStrings.map(line).join(''));
  expect(codes(read)).toEqual([]);
  expect(read.people.map(({ attributes }) => attributes['name.givenName'])).toEqual(naughtyStrings);
});

it('sets aside what no target may get, row by row', async () => {
  const read = await readText(header + strangeStrings.map(line).join(''));
  expect(read.people).toEqual([]);
  expect(read.quarantined.map(({ code }) => code)).toEqual(strangeStrings.map(() => 'BAD_VALUE'));
});

it.each(['json', 'ndjson'] as const)('gives it as it stands in a feed of %s', async (format) => {
  const rows = naughtyStrings.map((first, index) => ({ id: `E${index}`, login: `ada${index}`, first }));
  const text =
    format === 'json' ? JSON.stringify(rows) : rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const read = await readText(text, { format });
  expect(codes(read)).toEqual([]);
  expect(read.people.map(({ attributes }) => attributes['name.givenName'])).toEqual(naughtyStrings);
});

it.each(['\ud83d', '\ude00', 'Ada\ud83dMoreau', '\ude00\ud83d'])(
  'sets aside half a character that JSON can write: %j',
  async (first) => {
    const read = await readText(JSON.stringify([{ id: 'E1', login: 'ada', first }]), { format: 'json' });
    expect(codes(read)).toEqual(['1 BAD_VALUE']);
  },
);
