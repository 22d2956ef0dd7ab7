import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readJob } from '../../src/job/read-job.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { providers } from '../../src/providers/registry.ts';
import { decidePlan, findPlan } from '../../src/run/decide-plan.ts';
import { seededRandom } from '../feed/cuts/random.ts';
import { type Night, NightWorld } from '../guard/nights/night-world.ts';
import { csv, each, person, type Row, staff } from '../guard/nights/staff.ts';

const patient = 400_000;
const everybody = staff(60);

/** Two leave, six change, two come. */
const wanted: readonly Row[] = [
  ...each(everybody, (row, place) => {
    if (place >= 58) return { Status: 'Terminated' };
    return place >= 50 && place < 56 ? { Title: `Chief ${row.Title}` } : {};
  }),
  person(901),
  person(902),
];
/** Whom the plan concerns and who has a user, by id, which the sandbox takes from the employee id. */
const concerned = [50, 51, 52, 53, 54, 55, 58, 59].map((place) => everybody[place] as Row);
const planned = concerned.length + 2;

/** Somebody else's write to the user: one compared attribute, whatever the plan does to it. */
const edits: readonly ((user: Row) => object)[] = [
  () => ({ op: 'replace', path: 'title', value: 'Somebody else wrote this' }),
  () => ({ op: 'replace', path: 'name.familyName', value: 'Elsewhere' }),
  () => ({ op: 'replace', path: 'active', value: false }),
  ({ Login }) => ({ op: 'replace', path: 'userName', value: `other.${Login}` }),
  () => ({ op: 'replace', path: 'emails[type eq "work"].value', value: 'other@example.com' }),
  () => ({
    op: 'replace',
    path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
    value: 'Elsewhere',
  }),
];

/** One thing that is not what it was when the plan was made; gives the login of the person whom it concerns. */
type Spoil = (world: NightWorld, plan: string, random: () => number) => Promise<string | null>;

const spoils: Readonly<Record<string, Spoil>> = {
  'a byte of the plan': async (_, plan, random) => {
    flip(plan, random);
    return null;
  },
  'a byte of the feed': async (world, _, random) => {
    flip(world.path('hr.csv'), random);
    return null;
  },
  'the end of the feed': async (world) => {
    appendFileSync(world.path('hr.csv'), `${csv([person(903)]).split('\n')[1]}\n`);
    return null;
  },
  'a byte of the job': async (world, _, random) => {
    flip(world.path('job.yaml'), random);
    return null;
  },
  'another run since': async (world) => {
    expect((await world.run('apply')).exit).toBe(0);
    return null;
  },
  'a user who is concerned': async (world, _, random) => {
    const user = concerned[Math.floor(random() * concerned.length)] as Row;
    const edit = edits[Math.floor(random() * edits.length)];
    await world.edit(user['Employee ID'], edit?.(user) ?? {});
    return user.Login;
  },
  'a user who is gone': async (world, _, random) => {
    const user = concerned[Math.floor(random() * concerned.length)] as Row;
    await world.edit(user['Employee ID'], null);
    return user.Login;
  },
};

function flip(file: string, random: () => number): void {
  const bytes = readFileSync(file);
  const at = Math.floor(random() * bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 7));
  writeFileSync(file, bytes);
}

async function plannedWorld(): Promise<{ world: NightWorld; plan: string }> {
  const world = await NightWorld.open(everybody);
  expect((await world.night(csv(everybody))).exit).toBe(0);
  world.pass(24);
  world.writeFeed(csv(wanted));
  const made = await world.run('plan');
  expect([made.exit, made.report?.changes.planned]).toEqual([0, planned]);
  world.write('plan.ndjson', readFileSync(made.planFile));
  world.save();
  return { world, plan: world.path('plan.ndjson') };
}

it(
  'refuses a plan, or skips the person, in 105 of 105 random changes between plan and apply',
  async () => {
    const { world, plan } = await plannedWorld();
    await using _ = world;
    const kept = ['plan.ndjson', 'hr.csv', 'job.yaml'].map(
      (name) => [name, readFileSync(world.path(name))] as const,
    );
    const random = seededRandom(5);
    const wrong: unknown[] = [];
    for (let round = 0; round < 15; round += 1) {
      for (const [what, spoil] of Object.entries(spoils)) {
        await world.restore();
        for (const [name, bytes] of kept) world.write(name, bytes);
        const login = await spoil(world, plan, random);
        const applied = await world.applyPlan(plan);
        if (!isStale(applied, login)) {
          wrong.push({
            what,
            login,
            exit: applied.exit,
            refusal: applied.refusal,
            changes: applied.report?.changes,
          });
        }
      }
    }
    expect(wrong).toEqual([]);
    await world.restore();
    for (const [name, bytes] of kept) world.write(name, bytes);
    expect((await world.applyPlan(plan)).report?.changes).toMatchObject({ succeeded: planned, conflict: 0 });
  },
  patient,
);

/** A plan is refused whole, or one person is in conflict and not written, and everybody else is. */
function isStale({ exit, report, writes }: Night, login: string | null): boolean {
  if (login === null) return exit === 1 && writes.length === 0;
  const { conflict, succeeded } = report?.changes ?? {};
  const isWritten = writes.some(({ key }) => key === login);
  return exit === 2 && conflict === 1 && succeeded === planned - 1 && !isWritten;
}

/** Six leave, where three may. */
const leaving = each(everybody, (_, place) => (place >= 50 && place < 56 ? { Status: 'Terminated' } : {}));

/** What a later feed says beside what was approved: a person, an operation or a value that nobody has seen. */
const beyond: Readonly<Record<string, (rows: readonly Row[]) => readonly Row[]>> = {
  'one more person leaves': (rows) =>
    each(rows, (_, place) => (place === 30 ? { Status: 'Terminated' } : {})),
  'another person leaves instead': (rows) =>
    each(rows, (_, place) =>
      place === 50 ? { Status: 'Active' } : place === 31 ? { Status: 'Terminated' } : {},
    ),
};
const within: Readonly<Record<string, (rows: readonly Row[]) => readonly Row[]>> = {
  'the same people in another order': (rows) => [...rows].reverse(),
  'one of them stays': (rows) => each(rows, (_, place) => (place === 52 ? { Status: 'Active' } : {})),
  'somebody else changes, whom no guard counts': (rows) =>
    each(rows, (row, place) => (place === 20 ? { Title: `Chief ${row.Title}` } : {})),
};

it(
  'releases by an approval what lies within its set, and no other person',
  async () => {
    await using world = await approvedWorld(csv(leaving));
    for (const [what, change] of Object.entries(beyond)) {
      const held = await tomorrow(world, csv(change(leaving)));
      expect([what, held.exit, held.writes, held.tripped[0]?.name]).toEqual([what, 3, [], 'disables']);
    }
    for (const [what, change] of Object.entries(within)) {
      const released = await tomorrow(world, csv(change(leaving)));
      expect([what, released.exit, released.tripped]).toEqual([what, 0, []]);
      expect(released.writes.filter(({ op }) => op === 'disable').length).toBeGreaterThan(4);
    }
  },
  patient,
);

it(
  'releases by an approval no other value than the one that was seen, and no other operation',
  async () => {
    // Four take another login, where three may.
    const renamed = (domain: string) =>
      each(everybody, (row, place) =>
        place >= 50 && place < 54 ? { Login: row.Login.replace('example.com', domain) } : {},
      );
    await using world = await approvedWorld(csv(renamed('corp.example.com')));
    const other = renamed('evil.example.com');
    const oneOther = each(renamed('corp.example.com'), (row, place) =>
      place === 53 ? { Login: `x${row.Login}` } : {},
    );
    for (const rows of [other, oneOther]) {
      const held = await tomorrow(world, csv(rows));
      expect([held.exit, held.writes, held.tripped.map(({ name }) => name)]).toEqual([3, [], ['keyChanges']]);
    }
    const leave = each(everybody, (_, place) => (place >= 50 && place < 54 ? { Status: 'Terminated' } : {}));
    expect((await tomorrow(world, csv(leave))).tripped[0]?.name).toBe('disables');
    expect((await tomorrow(world, csv([...renamed('corp.example.com')].reverse()))).exit).toBe(0);
  },
  patient,
);

/** A world in which the plan of this feed was held, and then approved by somebody. */
async function approvedWorld(feed: string): Promise<NightWorld> {
  const world = await NightWorld.open(everybody);
  expect((await world.night(csv(everybody))).exit).toBe(0);
  world.pass(24);
  world.writeFeed(feed);
  const held = await world.run('plan');
  expect(held.exit).toBe(3);
  await approve(world, held.report?.run.id ?? '');
  world.save();
  return world;
}

async function approve(world: NightWorld, runId: string): Promise<void> {
  const { jobs } = await readJob(world.path('job.yaml'), { providers });
  const ledger = await openLedger(jobs[0]?.ledger ?? '');
  try {
    await decidePlan(ledger, await findPlan(ledger, runId), {
      kind: 'approved',
      by: 'Ines',
      operator: 'ines',
      reason: 'seen',
      at: world.now,
      expiresAt: null,
      fourEyes: false,
    });
  } finally {
    await ledger.close();
  }
}

async function tomorrow(world: NightWorld, feed: string): Promise<Night> {
  await world.restore();
  return world.night(feed);
}
