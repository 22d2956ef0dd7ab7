import { describe, it } from 'vitest';
import { naughtyStrings, strangeStrings } from '../feed/naughty/naughty-strings.ts';
import { isLong } from '../long.ts';
import { naughtyTargets } from './naughty-targets.ts';
import { type NaughtyRow, NaughtyWorld } from './naughty-world.ts';
import { patient } from './world.ts';

const loginOf = (number: number): string => `ada.moreau${number}@example.com`;

/** Keys hold no tabs and line breaks, and no two people have one that differs in case or composition alone. */
const keyOf = (text: string, number: number): string =>
  `${text.replaceAll(/[\t\r\n]+/g, ' ').slice(0, 100)}-${number}`;

const rows: readonly NaughtyRow[] = naughtyStrings.map((text, number) => ({
  id: keyOf(text, number),
  login: loginOf(number),
  text,
}));

const strangeRows: readonly NaughtyRow[] = strangeStrings.map((text, index) => ({
  id: `S${index}`,
  login: `bea.moreau${index}@example.com`,
  text,
}));

/** What no terminal may get: controls but for line ends, and what hides or turns letters. */
const dangerous = /[\p{Cf}\p{Cs}\u2028\u2029]|(?![\n])\p{Cc}/u;

/** What the progress on stderr writes: a line anew, the cursor put away and brought back. Colours are off. */
const progress = /\u001b(?:[78]|\[(?:\?25[hl]|\?7[hl]|1?G|0?J|[0-2]?K))|\r/g;

function dangers(said: string): readonly string[] {
  return said.split('\n').filter((line) => dangerous.test(line));
}

function dangersOnStderr(said: string): readonly string[] {
  return dangers(said.replaceAll(progress, ''));
}

const startsFormula = /^['\s]*[=+\-@＝＋－＠]|^[\t\r\n]/u;

/** Each target reads and writes by code of its own, but what people open is made by the same for all. */
const targets = isLong ? naughtyTargets : naughtyTargets.slice(0, 2);

describe.concurrent.each(targets)('naughty strings sent to $provider', patient, (target) => {
  const { texts } = target;

  it(`arrive as they are, ${naughtyStrings.length} of them, and those with control characters are counted`, async ({
    expect,
  }) => {
    using world = new NaughtyWorld(target);
    world.writeFeed([...rows, ...strangeRows]);
    const applied = await world.apply();
    expect(applied.code, applied.stderr).toBe(2);
    const report = world.report();
    expect(report.rows).toMatchObject({ quarantined: strangeRows.length, changed: rows.length });
    expect(report.changes).toMatchObject({ succeeded: rows.length, failed: 0, unknown: 0, conflict: 0 });

    const users = world.users();
    expect(users.size).toBe(rows.length);
    const spoilt = rows.flatMap(({ login, text }) =>
      Object.entries(texts)
        .map(([attribute, read]) => ({ attribute, text, found: read(users.get(login) ?? {}) }))
        .filter(({ found }) => found !== text),
    );
    expect(spoilt).toEqual([]);

    // The log has debug lines for each request, and nothing of what was in it.
    expect(dangers(applied.stderr)).toEqual([]);
    const logged = applied.stderr.split('\n').filter((line) => line.startsWith('{'));
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.filter((line) => /moreau|DROP TABLE|script/i.test(line))).toEqual([]);

    // What the target says is what the feed says: nothing is written again.
    const again = await world.apply();
    expect(again.code, again.stderr).toBe(2);
    expect(world.report().rows).toMatchObject({ quarantined: strangeRows.length, unchanged: rows.length });
  });

  it('never reach a terminal raw, nor run in a spreadsheet or a browser', async ({ expect }) => {
    using world = new NaughtyWorld(target);
    const some = rows.filter((_, index) => index % 3 === 0);
    world.writeFeed([...some, ...strangeRows]);

    const planned = await world.onTerminal('plan', '--limit', '10000');
    expect(planned.code, planned.stderr).toBe(2);
    expect(planned.stdout).toContain('\\u{202e}');
    expect(dangers(planned.stdout)).toEqual([]);
    expect(dangersOnStderr(planned.stderr)).toEqual([]);

    world.refuse(some.map(({ login, id }) => [login, `${id}: no \u001b[31m\u202e\u009b31m <script>`]));
    const applied = await world.onTerminal('apply');
    expect(applied.code, applied.stderr).toBe(2);
    expect(dangers(applied.stdout)).toEqual([]);
    expect(dangersOnStderr(applied.stderr)).toEqual([]);
    const asJson = await world.onTerminal('apply', '--json');
    expect(dangers(asJson.stdout)).toEqual([]);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ changes: { failed: some.length } });

    const results = world.records('results.csv');
    expect(results).toHaveLength(some.length);
    expect(results.flatMap((record) => Object.values(record)).filter(runs)).toEqual([]);
    const rejects = world.records('rejects.csv');
    expect(rejects).toHaveLength(some.length + strangeRows.length);
    expect(rejects.flatMap((record) => Object.values(record)).filter(runs)).toEqual([]);
    const [attribute = ''] = Object.keys(texts);
    expect(rejects.map((record) => withoutApostrophe(record[attribute] ?? '')).sort()).toEqual(
      [...some, ...strangeRows].map(({ text }) => text).sort(),
    );

    const page = world.reportFile('report.html');
    // The two marks that join letters are harmless in a browser, which knows what to do with them.
    expect(dangers(page.replaceAll(/[\u200c\u200d]/g, ''))).toEqual([]);
    expect(page).toContain('&lt;');
    expect(page).not.toMatch(
      /<(?:script|img|svg|iframe|base|b>|bdo|foo|x |plaintext|textarea|!--|!\[|!e|\?)/i,
    );
    expect(page).not.toMatch(/<[^>]*\son[a-z]+=/i);
  });
});

function runs(cell: string): boolean {
  return startsFormula.test(cell) && !cell.startsWith("'");
}

function withoutApostrophe(cell: string): string {
  return startsFormula.test(cell) ? cell.replace(/^'/, '') : cell;
}
