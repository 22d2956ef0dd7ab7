import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import type { Job } from '../../src/job/job.ts';
import { hashJobFile } from '../../src/job/read-job.ts';
import { readPlan } from '../../src/plan/read-plan.ts';
import type { TargetEnd } from '../../src/run/run-targets.ts';
import { addresses, MemoryWorld } from './memory-world.ts';

const logins = Array.from({ length: 25 }, (_, index) => `user${index}@example.com`);
const feed = `ID,Login\n${logins.map((login, index) => `E${index},${login}\n`).join('')}`;
const hourMs = 3_600_000;

/** A world with a plan that creates everybody. */
class PlannedWorld extends MemoryWorld {
  readonly file = this.path('plan.ndjson');
  job: Job | null = null;

  static async open(): Promise<PlannedWorld> {
    const world = new PlannedWorld();
    world.write('hr.csv', feed);
    const [job] = await world.jobs({}, addresses.slice(0, 1));
    const [planned] = await world.run('plan', job === undefined ? [] : [job]);
    world.job = job ?? null;
    copyFileSync(planned?.end?.planFile ?? '', world.file);
    return world;
  }

  /** Applies the plan as the command line does: whatever it throws is its answer. */
  async applyPlan(): Promise<TargetEnd['end'] | string> {
    const { job } = this;
    if (job === null) return 'no job';
    try {
      const plan = readPlan(this.file);
      const { header } = plan;
      if ((await hashJobFile(header.jobFile, null)) !== header.jobSha256) return 'PLAN_OTHER_JOB';
      const reviewed = { plan, maxAgeMs: 24 * hourMs };
      const [ended] = await this.run('apply', [job], {}, { asOf: header.asOf, reviewed });
      return ended?.failure?.code ?? ended?.end ?? 'nothing';
    } catch (error) {
      if (error instanceof Failure) return error.code;
      throw error;
    }
  }

  written(): readonly string[] {
    return [...this.created.values()].flat();
  }
}

/** Changes one byte into another one. */
function spoil(file: string, at: number): void {
  const bytes = readFileSync(file);
  const place = Math.floor(at * bytes.length);
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

/** A hundred places, spread over the whole and the same in every test. */
const places = Array.from({ length: 100 }, (_, n) => (n * 0.618_033_988_7) % 1);

describe('a reviewed plan', () => {
  for (const [what, name, codes] of [
    ['itself', 'plan.ndjson', ['PLAN_DAMAGED', 'PLAN_OTHER_VERSION']],
    ['its feed', 'hr.csv', ['PLAN_STALE_FEED']],
    ['its job', 'job.yaml', ['PLAN_OTHER_JOB']],
  ] as const) {
    it(`is refused 100 times of 100 when one byte of ${what} is another`, async () => {
      using world = await PlannedWorld.open();
      const sound = readFileSync(world.path(name));
      for (const place of places) {
        spoil(world.path(name), place);
        expect(codes, `at ${place}`).toContain(await world.applyPlan());
        writeFileSync(world.path(name), sound);
      }
      expect(world.written()).toEqual([]);
      expect(await world.applyPlan()).toMatchObject({ report: { exitCode: 0, changes: { succeeded: 25 } } });
      expect(world.written()).toHaveLength(25);
    }, 60_000);
  }

  it('leaves out exactly the one whom the target changed since, whoever that is', async () => {
    for (const [index, login] of logins.entries()) {
      using world = await PlannedWorld.open();
      world.created.set(addresses[0] ?? '', [login]);
      const end = await world.applyPlan();
      expect(end).toMatchObject({
        report: { exitCode: 2, changes: { total: 25, succeeded: 24, conflict: 1 } },
      });
      const { failures = [] } = typeof end === 'string' || end === null ? {} : end.report;
      expect(failures.map(({ key, errorCode }) => [key, errorCode])).toEqual([
        [`E${index}`, 'CHANGED_SINCE_PLAN'],
      ]);
      expect(new Set(world.written()).size).toBe(25);
      expect(world.written()).toHaveLength(25);
    }
  }, 60_000);

  it('is refused when another run was applied since, and when the ledger is another one', async () => {
    using world = await PlannedWorld.open();
    const { job } = world;
    await world.apply(job === null ? [] : [job]);
    expect(await world.applyPlan()).toBe('PLAN_SUPERSEDED');
    expect(world.written()).toHaveLength(25);
    using other = await PlannedWorld.open();
    copyFileSync(world.file, other.file);
    expect(await other.applyPlan()).toBe('PLAN_OTHER_LEDGER');
    expect(other.written()).toEqual([]);
  });

  it('is refused when it is older than it may be', async () => {
    using world = await PlannedWorld.open();
    const plan = readPlan(world.file);
    const { job } = world;
    const tries = async (maxAgeMs: number): Promise<unknown> => {
      const [end] = await world.run('apply', job === null ? [] : [job], {}, { reviewed: { plan, maxAgeMs } });
      return end?.failure?.code ?? end?.end?.report.exitCode;
    };
    expect(await tries(-1)).toBe('PLAN_TOO_OLD');
    expect(await tries(0)).toBe(0);
  });
});
