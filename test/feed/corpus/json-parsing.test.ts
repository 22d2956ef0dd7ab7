import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/domain/failure.ts';
import { keys, type ReadFeed, readText, rule } from '../feeds.ts';
import { brokenDocuments, brokenValues, openValues, soundValues } from './json-parsing.ts';

const formats = {
  json: (value: string) => `[{"id":"1","login":"ana","first":${value}}]`,
  ndjson: (value: string) => `{"id":"1","login":"ana","first":${value.replaceAll('\n', ' ')}}\n`,
};
const looseKeys = { ...keys, rules: { ...keys.rules, 'name.givenName': rule() } };

/** What was read, or the failure that refused it; anything else is a crash. */
async function outcome(content: string, format: 'json' | 'ndjson'): Promise<ReadFeed | Failure> {
  return readText(content, { format }, looseKeys).catch((error: unknown) => {
    if (error instanceof Failure) return error;
    throw error;
  });
}

function cellOf(read: ReadFeed | Failure): string | null {
  if (read instanceof Failure) throw read;
  const [person] = read.people;
  if (person === undefined) return null;
  return String(person.attributes['name.givenName'] ?? '');
}

describe.each(['json', 'ndjson'] as const)('JSON parsing (%s)', (format) => {
  it.each(Object.entries(soundValues))('takes %s exactly', async (_, [json, cell]) => {
    expect(cellOf(await outcome(formats[format](json), format))).toBe(cell);
  });

  it.each(Object.entries(brokenValues))('refuses %s, or sets it aside with its line', async (_, json) => {
    const read = await outcome(formats[format](json), format);
    if (read instanceof Failure) expect(read.message).toMatch(/line \d+/);
    else expect(read.quarantined).toMatchObject([{ code: 'BAD_JSON', row: { line: 1 } }]);
    expect(read).not.toHaveProperty(['people', '0']);
  });

  it.each(Object.entries(openValues))('takes nothing else for %s', async (_, json) => {
    const read = await outcome(formats[format](json), format);
    if (!(read instanceof Failure)) expect(read.people).toEqual([]);
  });

  it.each(Object.entries(brokenDocuments))('refuses the document %s', async (_, json) => {
    const read = await outcome(json, format);
    if (!(read instanceof Failure)) expect(read.people).toEqual([]);
    if (format === 'json') expect(read).toBeInstanceOf(Failure);
  });
});
