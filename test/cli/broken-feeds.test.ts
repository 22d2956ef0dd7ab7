import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { csvLines, patient, people, type Ran, userOf, World } from './world.ts';

const asTerminal = { NODE_OPTIONS: `--import=${new URL('./as-terminal.ts', import.meta.url).href}` };

const folder = 'fixtures/runs/broken-feeds';

/** A job whose feed states no row count, and a target that has the first six people. */
async function openWorld(feed: object = {}): Promise<World> {
  const world = await World.open({ users: people(6).map(userOf) });
  world.writeJob({ feed: { whole: undefined, ...feed } });
  return world;
}

async function applyFixture(world: World, name: string): Promise<Ran> {
  world.writeFeed(readFileSync(join(folder, name)));
  return world.apply();
}

/** Feeds of which nothing at all may be taken: exit code, and what the message has to name. */
const refused: Readonly<Record<string, readonly [code: number, said: readonly RegExp[]]>> = {
  'duplicate-header.csv': [1, [/"Email" twice/, /column 5 and as column 7/]],
  'empty.csv': [3, [/without a single row/]],
  'header-only.csv': [3, [/without a single row/]],
  'latin-1.csv': [1, [/hr\.csv/, /line 8\b/, /encoding/i]],
  'wrong-header.csv': [1, [/"User Login"/, /nearest: "User Logn"/]],
};

/** Feeds of which only some rows are set aside: the line, the code, and how many rows. */
const quarantined: Readonly<Record<string, readonly [lines: readonly number[], code: RegExp]>> = {
  'bad-cells.csv': [[6, 7], /BAD_VALUE|MISSING_KEY/],
  'duplicate-person.csv': [[3, 8], /DUPLICATE_PERSON/],
  'ragged-row.csv': [[4], /RAGGED|COLUMN/],
  'unclosed-quote.csv': [[7], /QUOTE/],
};

describe.concurrent('a broken feed', patient, () => {
  it('has an expectation for each fixture', ({ expect }) => {
    const names = [...Object.keys(refused), ...Object.keys(quarantined)].sort();
    expect(readdirSync(folder).sort()).toEqual(names);
  });

  it.for(Object.entries(refused))(
    '%s writes nothing and says why',
    async ([name, [code, said]], { expect }) => {
      await using world = await openWorld();
      const ran = await applyFixture(world, name);
      const screen = `${ran.stdout}${ran.stderr}`;
      expect(ran.code).toBe(code);
      for (const words of said) expect(screen).toMatch(words);
      expect(screen.split('\n').length).toBeLessThanOrEqual(30);
      expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(/Nothing was written/);
      expect(world.journal()).toEqual([]);
    },
  );

  it('that is missing ends with 1 and its name', async ({ expect }) => {
    await using world = await openWorld({ path: 'inbox/nowhere.csv' });
    const ran = await world.apply();
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('inbox/nowhere.csv');
    expect(ran.stderr.split('\n').length).toBeLessThanOrEqual(8);
    expect(world.journal()).toEqual([]);
  });

  it('is told of once on a terminal, and in the log elsewhere', async ({ expect }) => {
    await using world = await openWorld({ path: 'inbox/nowhere.csv' });
    const shown = await world.runWith(asTerminal, 'apply', 'job.yaml');
    expect([shown.code, shown.stderr.match(/nowhere\.csv/g)]).toEqual([1, ['nowhere.csv']]);
    expect(shown.stderr).not.toMatch(/ERROR|FEED_MISSING/);
    const asked = await world.runWith(asTerminal, 'apply', 'job.yaml', '--log-level', 'error');
    expect(asked.stderr).toMatch(/ERROR[\s\S]*FEED_MISSING/);
    expect((await world.apply()).stderr).toMatch(/^\{"level":50,.*"code":"FEED_MISSING"/m);
  });

  it('that is a directory ends with 1 and its name', async ({ expect }) => {
    await using world = await openWorld({ path: 'inbox.csv' });
    mkdirSync(world.path('inbox.csv'));
    const ran = await world.apply();
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/inbox\.csv.*director/s);
    expect(ran.stderr.split('\n').length).toBeLessThanOrEqual(8);
    expect(world.journal()).toEqual([]);
  });

  it.for(Object.entries(quarantined))(
    '%s sets its rows aside and carries out the others',
    async ([name, [lines, code]], { expect }) => {
      await using world = await openWorld();
      const ran = await applyFixture(world, name);
      expect(ran.code).toBe(2);
      expect(ran.report.rows.quarantined).toBe(lines.length);
      const rejects = csvLines(join(ran.directory, 'rejects.csv')).slice(1);
      expect(rejects).toHaveLength(lines.length);
      for (const [index, line] of lines.entries()) {
        expect(rejects[index]).toMatch(new RegExp(`(^|,)${line},`));
        expect(rejects[index]).toMatch(code);
      }
      const written = world.accepted();
      expect(written.map((write) => [write.op, write.key])).toEqual([
        ['add', 'ada.moreau7@example.com'],
        ['assign-role', 'ada.moreau7@example.com'],
      ]);
      expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(/quarantined row.*rejects\.csv/);
    },
  );
});
