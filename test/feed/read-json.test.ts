import { describe, expect, it } from 'vitest';
import { codes, column, columns, keys, lines, readText, rule } from './feeds.ts';

const ana = { id: '1', login: 'ana', first: 'Ana' };
const bo = { id: '2', login: 'bo', first: 'Bo' };
const json = { format: 'json' } as const;
const ndjson = { format: 'ndjson' } as const;

describe('a JSON array', () => {
  it('gives one row per object, numbered by its position', async () => {
    const read = await readText(JSON.stringify([ana, bo], null, 2), json);
    expect(lines(read)).toEqual(['1 1', '2 2']);
    expect(read.people[1]?.attributes).toEqual({ userName: 'bo', 'name.givenName': 'Bo' });
  });

  it('may be the only array of an object', async () => {
    const read = await readText(JSON.stringify({ count: 2, meta: { a: { b: 1 } }, users: [ana, bo] }), json);
    expect(lines(read)).toEqual(['1 1', '2 2']);
  });

  it('is refused when the object holds several, or none', async () => {
    const several = readText(JSON.stringify({ users: [ana], others: [bo] }), json);
    await expect(several).rejects.toMatchObject({ code: 'FEED_JSON', exit: 1 });
    await expect(readText('{"a":{"b":[1]}}', json)).rejects.toMatchObject({ code: 'FEED_JSON', exit: 1 });
  });

  it('may be empty', async () => {
    expect((await readText('[]', json)).facts.rows).toBe(0);
    await expect(readText(' \n', json)).rejects.toMatchObject({ code: 'FEED_JSON' });
    expect((await readText('{"users":[]}', json)).facts.rows).toBe(0);
  });

  it('that is malformed stops the run with the place, and without what stands there', async () => {
    const failing = readText(`[\n${JSON.stringify(ana)},\n{"id": "2" "secret"}\n]`, json);
    await expect(failing).rejects.toMatchObject({
      code: 'FEED_JSON',
      exit: 1,
      message: expect.stringMatching(/: The feed is not valid JSON from line 3, byte 53, on\.$/),
    });
  });

  it('that is cut off stops the run', async () => {
    await expect(readText(`[${JSON.stringify(ana)},`, json)).rejects.toMatchObject({
      code: 'FEED_JSON',
      message: expect.stringContaining('breaks off'),
    });
  });

  it('that is something else stops the run', async () => {
    await expect(readText('id,login\n', json)).rejects.toMatchObject({
      code: 'FEED_JSON',
      hint: expect.stringContaining('feed.format'),
    });
    await expect(readText('[] []', json)).rejects.toMatchObject({ code: 'FEED_JSON' });
  });

  it('keeps records that are no objects as quarantined rows', async () => {
    const read = await readText(JSON.stringify([ana, 'text', null, [1], bo]), json);
    expect(codes(read)).toEqual(['2 BAD_JSON', '3 BAD_JSON', '4 BAD_JSON']);
    expect(lines(read)).toEqual(['1 1', '5 2']);
  });

  it('survives being cut into chunks anywhere', async () => {
    const many = Array.from({ length: 5000 }, (_, index) => ({
      id: index,
      login: `u${index}`,
      first: 'Åse — 名',
    }));
    const read = await readText(JSON.stringify(many), json);
    expect(read.people).toHaveLength(5000);
    expect(new Set(read.people.map((person) => person.attributes['name.givenName']))).toEqual(
      new Set(['Åse — 名']),
    );
  });
});

describe('NDJSON', () => {
  it('costs only the line that is bad', async () => {
    const content = `${JSON.stringify(ana)}\r\n{"id": \n\n[1]\n${JSON.stringify(bo)}`;
    const read = await readText(content, ndjson);
    expect(codes(read)).toEqual(['2 BAD_JSON', '4 BAD_JSON']);
    expect(lines(read)).toEqual(['1 1', '5 2']);
    expect(read.facts.rows).toBe(4);
  });

  it('costs only the line that is too long', async () => {
    const long = JSON.stringify({ ...ana, note: 'x'.repeat(2_000_000) });
    const read = await readText(`${JSON.stringify(ana)}\n${long}\n${JSON.stringify(bo)}\n${long}`, ndjson);
    expect(codes(read)).toEqual(['2 RECORD_TOO_LONG', '4 RECORD_TOO_LONG']);
    expect(lines(read)).toEqual(['1 1', '3 2']);
  });

  it('keeps its line numbers over many chunks', async () => {
    const rows = Array.from({ length: 8000 }, (_, index) =>
      JSON.stringify({ id: index, login: `u${index}`, first: 'É' }),
    );
    const read = await readText(rows.join('\n'), ndjson);
    expect(lines(read)).toEqual(rows.map((_, index) => `${index + 1} ${index}`));
  });
});

describe('JSON values', () => {
  it('become text, or lists where they are lists of scalars', async () => {
    const read = await readText(
      JSON.stringify([
        { id: 1001, login: 'ana', first: null, roles: ['Viewer', 'viewer', ' ', null, 7], vip: true },
      ]),
      { ...json, columns: [...columns, column('roles', 'roles'), column('vip', 'vip')] },
    );
    expect(read.people[0]).toMatchObject({
      key: '1001',
      attributes: { userName: 'ana', roles: ['Viewer', '7'], vip: true },
      rows: [{ cells: ['1001', 'ana', '', ['Viewer', 'viewer', ' ', '', '7'], 'true'] }],
    });
    expect(read.people[0]?.attributes).not.toHaveProperty('name.givenName');
  });

  it('are found by a dotted path, unless a name has the dots itself', async () => {
    const dotted = [column('userName', 'login'), column('name.givenName', 'name.first')];
    const records = [
      { login: 'ana', name: { first: 'Ana' } },
      { login: 'bo', 'name.first': 'Bo', name: { first: 'no' } },
      { login: 'cy', name: 'Cy' },
    ];
    const read = await readText(JSON.stringify(records), { ...json, columns: dotted });
    expect(read.people.map((person) => person.attributes['name.givenName'])).toEqual([
      'Ana',
      'Bo',
      undefined,
    ]);
  });

  it('that no attribute can take are set aside with their column, and the identity is kept', async () => {
    const read = await readText(
      JSON.stringify([
        { ...ana, first: { a: 1 } },
        { ...bo, first: ['a', 'b'] },
      ]),
      json,
    );
    expect(codes(read)).toEqual(['1 BAD_VALUE', '2 BAD_VALUE']);
    expect(read.quarantined[0]).toMatchObject({ column: 'first', linkKey: '1', matchKey: 'ana' });
  });

  it('do not lose digits of a long number without a word', async () => {
    const read = await readText('{"id":12345678901234567890,"login":"ana","first":""}', ndjson);
    expect(read.quarantined[0]).toMatchObject({ code: 'BAD_VALUE', column: 'id', linkKey: null });
    expect(read.quarantined[0]?.message).toContain('in quotes');
  });

  it.each([json, ndjson])('named like parts of JavaScript do no harm ($format)', async ({ format }) => {
    const record = '{"__proto__":{"login":"evil","first":"Evil"},"constructor":"x","id":"1"}';
    const read = await readText(
      format === 'json' ? `[${record},${JSON.stringify(bo)}]` : `${record}\n${JSON.stringify(bo)}`,
      {
        format,
      },
    );
    expect(codes(read)).toEqual(['1 MISSING_KEY']);
    expect(read.quarantined[0]?.row.cells).toEqual(['1', '', '']);
    expect(({} as Record<string, unknown>).login).toBeUndefined();
  });

  it.each([json, ndjson])('must hold every mapped name in some record ($format)', async ({ format }) => {
    const rest = '{"id":"1","login":"ana","name":{"first":"Ana"}}';
    const failing = readText(format === 'json' ? `[${rest}]` : rest, { format });
    await expect(failing).rejects.toMatchObject({
      code: 'FEED_HEADER',
      exit: 1,
      message: expect.stringContaining('no column "first"'),
    });
    await expect(failing).rejects.toThrow('"name.first"');
  });

  it('may lack a mapped name in all records but one', async () => {
    const read = await readText(JSON.stringify([{ id: '1', login: 'ana' }, bo]), json);
    expect(read.people).toHaveLength(2);
  });

  it('that are lone surrogates are no text', async () => {
    const read = await readText('{"id":"1","login":"ana","first":"\\ud800"}', ndjson, {
      ...keys,
      rules: { ...keys.rules, 'name.givenName': rule() },
    });
    expect(codes(read)).toEqual(['1 BAD_VALUE']);
  });
});

describe('the array of people', () => {
  it('is found where the job says, among others', async () => {
    const feed = JSON.stringify({ other: [1], data: { c: [7], users: [ana, bo] }, users: [9] });
    expect(lines(await readText(feed, { ...json, recordsAt: ['data', 'users'] }))).toEqual(['1 1', '2 2']);
    await expect(readText(feed, { ...json, recordsAt: ['data', 'people'] })).rejects.toThrow(
      'no array at data.people',
    );
    await expect(readText('[]', { ...json, recordsAt: ['users'] })).rejects.toThrow('no array at users');
  });

  it('is that of a SCIM response, if it is all of it', async () => {
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:ListResponse'];
    const all = { Resources: [ana, bo], schemas, totalResults: 2 };
    expect(lines(await readText(JSON.stringify(all), json))).toEqual(['1 1', '2 2']);
    for (const recordsAt of [null, ['Resources']]) {
      const page = readText(JSON.stringify({ ...all, totalResults: 3 }), { ...json, recordsAt });
      await expect(page).rejects.toThrow('one page of several: it has 2 resources, totalResults says 3');
    }
    expect((await readText(JSON.stringify({ schemas, totalResults: 0 }), json)).facts.rows).toBe(0);
    await expect(readText(JSON.stringify({ schemas, members: [ana] }), json)).rejects.toThrow('Resources');
  });
});

describe('what JSON leaves open', () => {
  const wrap = { json: (record: string) => `[${record}]`, ndjson: (record: string) => record };

  it.each(['json', 'ndjson'] as const)(
    'is not decided silently: a name that stands twice (%s)',
    async (format) => {
      const record = '{"id":"1","login":"ana","first":"Ana","login":"bo"}';
      const inner = '{"id":"1","login":"ana","first":"Ana","x":[{"a":1,"a":1}]}';
      for (const [text, column] of [
        [record, 'login'],
        [inner, null],
      ] as const) {
        const read = await readText(wrap[format](text), { format });
        expect(read.quarantined).toMatchObject([{ code: 'BAD_JSON', column }]);
      }
    },
  );

  it('is refused where it is about the people as a whole', async () => {
    const twice = `{"users":[${JSON.stringify(ana)}],"users":[]}`;
    await expect(readText(twice, json)).rejects.toThrow('stands twice');
  });

  it.each(['json', 'ndjson'] as const)('is what a person sees in numbers (%s)', async (format) => {
    const cellOf = async (number: string) => {
      const read = await readText(wrap[format](`{"id":"1","login":"ana", "first":${number}}`), { format });
      return read.people[0]?.attributes['name.givenName'] ?? read.quarantined[0]?.message;
    };
    expect(await cellOf('1.10')).toBe('1.10');
    expect(await cellOf('-0')).toBe('-0');
    expect(await cellOf('1234567')).toBe('1234567');
    expect(await cellOf('1e5')).toContain('exponent');
    expect(await cellOf('0.12345678901234567890')).toContain('more digits');
    expect(await cellOf('9007199254740993')).toContain('more digits');
  });

  it.each(['json', 'ndjson'] as const)('ends at a depth (%s)', async (format) => {
    const nested = (levels: number) =>
      `{"id":"1","login":"ana","first":"A","x":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    const levels = format === 'json' ? 62 : 63;
    expect((await readText(wrap[format](nested(levels)), { format })).people).toHaveLength(1);
    const deep = readText(wrap[format](nested(levels + 1)), { format });
    if (format === 'json') await expect(deep).rejects.toThrow('deeper than 64 levels');
    else expect(codes(await deep)).toEqual(['1 BAD_JSON']);
  });

  it.each(['json', 'ndjson'] as const)('ends at the size of a cell, and of a record (%s)', async (format) => {
    const long = JSON.stringify({ ...ana, first: 'ü'.repeat(40_000) });
    expect((await readText(wrap[format](long), { format })).quarantined).toMatchObject([
      { code: 'FIELD_TOO_LONG', column: 'first' },
    ]);
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 1001 }, (_, at) => [`n${at}`, 1])));
    expect(codes(await readText(wrap[format](wide), { format }))).toEqual(['1 BAD_JSON']);
  });

  it('does not matter to UTF-16, a mark, or a carriage return', async () => {
    const utf16 = Buffer.from(`\ufeff${JSON.stringify([ana])}`, 'utf16le');
    expect(lines(await readText(utf16, { ...json, encoding: 'auto' }))).toEqual(['1 1']);
    const marked = `\ufeff${JSON.stringify(ana)}\r\n\r\n${JSON.stringify(bo)}`;
    expect(lines(await readText(marked, ndjson))).toEqual(['1 1', '3 2']);
  });
});
