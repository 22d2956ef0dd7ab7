import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, it } from 'vitest';
import { patient, people, plainFeed, type Ran, World, wholeFeed } from './world.ts';

const lastLine = ({ stderr }: Ran) => stderr.trimEnd().split('\n').at(-1);

/** Deltas of one person each, in a folder of their own. */
async function openInbox(numbers: readonly number[], feed: object = {}): Promise<World> {
  const world = await World.open();
  mkdirSync(world.path('inbox'));
  for (const number of numbers) world.write(`inbox/${number}.csv`, plainFeed(people(1, number)));
  world.writeJob({ feed: { path: 'inbox/*.csv', mode: 'delta', whole: undefined, ...feed } });
  return world;
}

describe.concurrent('deltas of a pattern', patient, () => {
  it('have a block each, are archived, and leave nothing to do', async ({ expect }) => {
    await using world = await openInbox([1, 2, 3], { whenSettled: { archive: 'archive' } });
    const planned = await world.plan();
    expect(planned.code).toBe(0);
    expect(planned.stdout).toMatch(/^feed {4}.*inbox\/1\.csv, 2 files wait behind it$/m);

    const applied = await world.apply('--json');
    expect(applied.code).toBe(0);
    const { exitCode, targets } = JSON.parse(applied.stdout);
    expect([exitCode, targets.length]).toEqual([0, 3]);
    expect(world.accepted().filter(({ op }) => op === 'add')).toHaveLength(3);
    expect(readdirSync(world.path('archive'))).toEqual(['1.csv', '2.csv', '3.csv']);

    const again = await world.apply();
    expect([again.code, again.hasReport]).toEqual([0, false]);
    expect(again.stdout).toMatch(/nothing new/);
    expect(lastLine(again)).toMatch(/has nothing new to do; nothing was written/);
  });

  it('that cannot be put away make the command end with 2', async ({ expect }) => {
    await using world = await openInbox([1], { whenSettled: { archive: 'archive' } });
    world.write('archive', 'a file where the folder should be');
    const applied = await world.apply();
    expect(applied.code).toBe(2);
    expect(applied.stderr).toMatch(/was settled, but could not be archived \(EEXIST\)/);
    expect(applied.report.exitCode).toBe(0);
  });
});

describe.concurrent('a single delta', patient, () => {
  it('that was taken is nothing to do, for scripts too', async ({ expect }) => {
    await using world = await World.open({ feed: plainFeed(people(2)) });
    world.writeJob({ feed: { mode: 'delta', whole: undefined } });
    expect((await world.apply()).code).toBe(0);
    const again = await world.apply('--json');
    expect([again.code, JSON.parse(again.stdout)]).toEqual([0, { exitCode: 0, nothingToDo: true }]);
    expect(lastLine(again)).toMatch(/^Nothing was written: there is nothing to do/);
  });
});

describe.concurrent('a command as the source', patient, () => {
  it('that fails after half of the feed writes nothing and repeats nothing', async ({ expect }) => {
    await using world = await World.open();
    const script = `process.stdout.write(${JSON.stringify(plainFeed(people(5)))}); console.error('Ada Moreau'); process.exitCode = 9`;
    world.writeJob({
      feed: { path: undefined, command: [process.execPath, '-e', script], whole: undefined },
    });
    const applied = await world.apply();
    expect(applied.code).toBe(1);
    expect(applied.stderr).toMatch(/ended with status 9, so nothing that it wrote was used/);
    expect(applied.stderr).not.toMatch(/Ada/);
    expect(world.journal()).toEqual([]);
  });

  it('leaves no copy behind when the run is killed while it reads', async ({ expect }) => {
    await using world = await World.open();
    const script = `process.stdout.write(${JSON.stringify(plainFeed(people(5)))}); require('fs').writeFileSync('began', ''); setTimeout(() => {}, 60000)`;
    world.writeJob({
      feed: { path: undefined, command: [process.execPath, '-e', script], whole: undefined },
    });
    const { child, ended } = world.start(['apply', 'job.yaml']);
    while (!readdirSync(world.folder).includes('began'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    await ended;
    expect(readdirSync(world.folder).filter((name) => /spool|feed-/.test(name))).toEqual([]);
  });
});

describe.concurrent('a compressed feed', patient, () => {
  it('is proven by the hash of the file, whatever it is called', async ({ expect }) => {
    const rows = people(4);
    const bytes = gzipSync(plainFeed(rows));
    await using world = await World.open();
    world.writeJob({ feed: { path: 'hr.csv', whole: { manifest: 'hr.sha256' } } });
    world.write('hr.csv', bytes);
    world.write('hr.sha256', `${createHash('sha256').update(bytes).digest('hex')}  hr.csv\n`);
    const applied = await world.apply();
    expect(applied.code).toBe(0);
    expect(applied.report.feed).toMatchObject({ whole: 'proven', bytes: bytes.length, rows: 4 });
    expect(world.strays(rows)).toEqual([]);
  });

  it('that was cut is refused with the place', async ({ expect }) => {
    await using world = await World.open();
    const bytes = gzipSync(wholeFeed(people(40)));
    world.writeFeed(bytes.subarray(0, bytes.length - 20));
    const applied = await world.apply();
    expect(applied.code).toBe(1);
    expect(applied.stderr).toMatch(/hr\.csv: The gzip data break off at byte \d+/);
    expect(world.journal()).toEqual([]);
  });
});

describe.concurrent('a marker', patient, () => {
  it('that is missing ends the run with 75, and says which', async ({ expect }) => {
    await using world = await World.open({ feed: wholeFeed(people(2)) });
    world.writeJob({ feed: { ready: { marker: '*.done', wait: '1s' } } });
    const early = await world.apply();
    expect(early.code).toBe(75);
    expect(early.stderr).toMatch(/hr\.csv\.done is missing/);
    writeFileSync(world.path('hr.csv.done'), '');
    expect((await world.apply()).code).toBe(0);
  });
});
