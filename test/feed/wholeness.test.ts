import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Wholeness } from '../../src/domain/settings.ts';
import { feedFile, readAll, readText, settingsOf, temporaryDirectory } from './feeds.ts';

const content = 'id,login,first\n1,ana,Ana\n2,bo\n3,cy,Cy\n';
const none: Wholeness = { rows: null, manifest: null, trailer: null };
const proven = { whole: 'proven', contradiction: null };

/** The facts of the feed beside a manifest that says this. */
async function withManifest(manifest: (hash: string, name: string) => string, difference = {}) {
  const path = await feedFile(content);
  const side = join(await temporaryDirectory(), 'manifest');
  const hash = createHash('sha256').update(content).digest('hex');
  await writeFile(side, manifest(hash, basename(path)));
  const read = await readAll(settingsOf(path, { whole: { ...none, manifest: side, ...difference } }));
  return read.facts;
}

describe('a row count in the job', () => {
  it('counts the rows that were set aside, too', async () => {
    expect((await readText(content, { whole: { ...none, rows: 3 } })).facts).toMatchObject(proven);
  });

  it('contradicts a feed that was cut', async () => {
    const { facts } = await readText(content, { whole: { ...none, rows: 4 } });
    expect(facts).toMatchObject({
      whole: 'contradicted',
      contradiction: 'the job says 4 rows, the feed has 3',
    });
  });
});

it('nothing is proven when nothing is given', async () => {
  expect((await readText(content)).facts).toMatchObject({ whole: 'unproven', contradiction: null });
});

describe('a manifest', () => {
  it.each([
    ['a number alone', () => '3\n'],
    ['rows', () => '{"rows": 3}'],
    ['rowCount as text', () => '{"rowCount": "3"}'],
    ['count and hash', (hash: string) => JSON.stringify({ count: 3, sha256: hash.toUpperCase() })],
    ['the line of sha256sum', (hash: string) => `${hash}  delivered.csv\n`],
    ['a list with the name', (hash: string, name: string) => `${'0'.repeat(64)}  x\n${hash} *in/${name}\n`],
  ])('proves by %s', async (_, manifest) => {
    expect(await withManifest(manifest)).toMatchObject(proven);
  });

  it.each([
    ['another number', () => '4'],
    ['another hash', () => `${'0'.repeat(64)}  feed\n`],
    ['the right count and another hash', () => `{"rows": 3, "sha256": "${'0'.repeat(64)}"}`],
    ['the right hash and another count', (hash: string) => `{"rows": 2, "sha256": "${hash}"}`],
    ['nothing of use', () => '{"lines": 3}'],
    ['a list without the name', (hash: string) => `${hash}  x\n${hash}  y\n`],
  ])('contradicts by %s', async (_, manifest) => {
    expect((await withManifest(manifest)).whole).toBe('contradicted');
  });

  it('that is missing contradicts', async () => {
    const { facts } = await readText(content, { whole: { ...none, manifest: '/nowhere/manifest' } });
    expect(facts).toMatchObject({ whole: 'contradicted', contradiction: expect.stringContaining('missing') });
  });

  it('must agree with the other proofs', async () => {
    expect((await withManifest(() => '3', { rows: 3 })).whole).toBe('proven');
    expect((await withManifest(() => '3', { rows: 2 })).whole).toBe('contradicted');
  });
});

describe('a trailer record', () => {
  const trailed = (end: string) => readText(`${content}${end}`, { whole: { ...none, trailer: 'EOF' } });

  it.each(['EOF,3', 'EOF,rows,3,of,HR', '" EOF ",3,\n\n', 'EOF,20261101,3'])(
    'proves as %j and is no row',
    async (end) => {
      const { facts, quarantined } = await trailed(end);
      expect(facts).toMatchObject({ ...proven, rows: 3 });
      expect(quarantined).toHaveLength(1);
    },
  );

  it.each([
    ['', 'the trailer record is missing after 3 rows'],
    ['EOF,4', 'the trailer record says 4 rows, the feed has 3'],
    ['EOF,many', 'the trailer record states no row count'],
    ['EOF,4\n4,di,Di', 'records come after the trailer record'],
  ])('contradicts as %j', async (end, contradiction) => {
    expect((await trailed(end)).facts).toMatchObject({ whole: 'contradicted', contradiction });
  });

  it('is found after a row whose quote is not closed', async () => {
    const { facts } = await trailed('4,"di,Di\nEOF,4\n');
    expect(facts).toMatchObject({ ...proven, rows: 4 });
  });

  it.each(['json', 'ndjson'] as const)('is found in %s', async (format) => {
    const records = ['{"id":"1","login":"ana","first":"Ana"}', '{"kind":"EOF","rows":1}'];
    const text = format === 'json' ? `[${records.join(',')}]` : records.join('\n');
    const { facts } = await readText(text, { format, whole: { ...none, trailer: 'EOF' } });
    expect(facts).toMatchObject({ ...proven, rows: 1 });
  });
});
