import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenStep } from '../../../src/contracts/ledger.ts';
import { readJob } from '../../../src/job/read-job.ts';
import { connect } from '../../../src/ledger/connection.ts';
import { runEntries } from '../../../src/ledger/runs.ts';
import { scopeEntries } from '../../../src/ledger/scopes.ts';
import { stepEntries } from '../../../src/ledger/steps.ts';
import { sendingHere } from '../../../src/ledger/while-sending.ts';
import type { Report } from '../../../src/report/report.ts';
import { runTargets, type TargetEnd } from '../../../src/run/run-targets.ts';
import type { World } from '../../../src/run/world.ts';
import { brokenSums } from '../../cli/sums.ts';
import { allowEverything } from '../../guard/allow-everything.ts';
import { seeded } from '../../http/window-target.ts';
import { quietWorld } from '../../run/memory-world.ts';
import { auditSim } from './audit-sim.ts';
import { type DayRow, draw, feedOf, type Scenario, scenarioOf } from './days.ts';
import { Expectations } from './expectations.ts';
import { simClock } from './sim-clock.ts';
import { fullDisk, watchDisk } from './sim-disk.ts';
import { simProvider } from './sim-provider.ts';
import { doubledWrites, SimTarget, type WriteRequest } from './sim-target.ts';
import { fairWeather, SimWire, type Weather } from './sim-wire.ts';

/*
 * One seed: some days of runs of the real engine against a target in memory, on a clock of its own. On each day the
 * process may die at any durable write and at any point of a request, the disk may be full, somebody may stop it, and
 * a second process may start beside it. What was durable is what the next process finds. Each day ends with a run in
 * fair weather, after which everybody has to be as the feed says.
 */

export interface SeedEnd {
  readonly seed: number;
  readonly violations: readonly string[];
  /** SHA-256 over everything that left, when, and how each run ended. */
  readonly trace: string;
  readonly runs: number;
  readonly crashes: number;
  /** Reports that the auditor has judged. */
  readonly reports: number;
  readonly requests: number;
}

export interface SeedSettings {
  /** Where the seed may keep its files; it is made, and removed again. */
  readonly folder: string;
  readonly onTrace?: (line: string) => void;
}

/** Days on which anything may happen to the process. */
export async function simulateSeed(seed: number, settings: SeedSettings): Promise<SeedEnd> {
  return endOf(new Simulation(seed, settings, { messy: false }), settings, (simulation) => simulation.run());
}

/** Runs that nothing befalls, of feeds with every kind of row, against a target that refuses people: for the auditor. */
export async function auditSeed(seed: number, settings: SeedSettings): Promise<SeedEnd> {
  return endOf(new Simulation(seed, settings, { messy: true }), settings, (simulation) => simulation.audit());
}

/** A first load of which every answer is lost, at a target that nobody can ask what became of a write; then it is well again. */
export async function loseAllAnswers(
  people: number,
  settings: SeedSettings,
): Promise<SeedEnd & { readonly first: Report; readonly next: Report; readonly creates: number }> {
  const rows = Array.from({ length: people }, (_, index) => ({
    key: `E${index + 1}`,
    title: 'Clerk',
    roles: [],
  }));
  const scenario: Scenario = {
    knowing: 'blind',
    weather: { ...fairWeather, dropAfter: 1, writesOnly: true },
    refusesBatches: false,
    poison: new Set(),
    batchSize: 20,
    concurrency: 4,
    perSecond: 100,
    disablesMax: 3,
    there: [],
    days: [rows],
  };
  const simulation = new Simulation(1, settings, { messy: false, scenario });
  let reports: readonly Report[] = [];
  const end = await endOf(simulation, settings, async () => {
    reports = await simulation.reportsOf(rows);
    return simulation.end();
  });
  const [first, next] = reports;
  if (first === undefined || next === undefined) throw new Error('There is no report.');
  return { ...end, first, next, creates: simulation.creates };
}

async function endOf(
  simulation: Simulation,
  { folder }: SeedSettings,
  run: (simulation: Simulation) => Promise<SeedEnd>,
): Promise<SeedEnd> {
  try {
    return await run(simulation);
  } finally {
    watchDisk(null);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What befalls one run. */
interface Fate {
  readonly kind: 'none' | 'crash' | 'full disk' | 'stop' | 'intruder';
  /** Number of the point at which it comes. */
  readonly at: number;
}

/** How far one process has come. */
interface Life {
  dead: boolean;
  over: boolean;
  /** Points passed at which it may die. */
  points: number;
  diskFull: boolean;
  /** What the ledger holds as intended; null once something else has become durable. */
  intended: Promise<ReadonlySet<string>> | null;
}

const noFate: Fate = { kind: 'none', at: 0 };
/** Runs in fair weather that a day may take to come to its end. */
const fairRunsMax = 4;

interface Kind {
  readonly messy: boolean;
  /** What happens, when not what the seed says. */
  readonly scenario?: Scenario;
}

class Simulation {
  readonly #seed: number;
  readonly #messy: boolean;
  readonly #random: () => number;
  readonly #scenario: Scenario;
  readonly #target: SimTarget;
  readonly #expected: Expectations;
  readonly #root: string;
  readonly #onTrace: (line: string) => void;
  readonly #hash = createHash('sha256');
  readonly #violations: string[] = [];
  /** Writes of a blind target whose answer was lost: they must never leave again. */
  readonly #lost = new Set<string>();
  #folder: string;
  #generation = 0;
  #nowMs = Date.parse('2026-06-02T00:00:00.000Z');
  #runs = 0;
  #crashes = 0;
  #reports = 0;
  #requests = 0;

  constructor(seed: number, { folder, onTrace }: SeedSettings, { messy, scenario }: Kind) {
    this.#seed = seed;
    this.#messy = messy;
    this.#random = seeded(seed);
    this.#scenario = scenario ?? scenarioOf(this.#random, { messy });
    this.#root = folder;
    this.#onTrace = onTrace ?? (() => undefined);
    this.#folder = join(folder, 'process-0');
    mkdirSync(this.#folder, { recursive: true });
    const { knowing, poison, there } = this.#scenario;
    this.#target = new SimTarget(knowing, poison);
    for (const user of there) this.#target.seed(user);
    this.#expected = new Expectations(this.#scenario, this.#target);
  }

  async run(): Promise<SeedEnd> {
    for (const rows of this.#scenario.days) {
      await this.#day(rows);
      if (this.#violations.length > 0) break;
      this.#nowMs += 26 * 3_600_000;
    }
    this.#violations.push(...doubledWrites(this.#target.journal));
    return this.end();
  }

  /** Every run leaves a report, and the auditor judges each. */
  async audit(): Promise<SeedEnd> {
    for (const rows of this.#scenario.days) {
      writeFileSync(join(this.#folder, 'hr.csv'), feedOf(rows));
      await this.#apply(this.#scenario.weather, noFate);
      this.#nowMs += 26 * 3_600_000;
    }
    return this.end();
  }

  /** Two runs over one feed, the second in fair weather. */
  async reportsOf(rows: readonly DayRow[]): Promise<readonly Report[]> {
    writeFileSync(join(this.#folder, 'hr.csv'), feedOf(rows));
    const ends = [await this.#apply(this.#scenario.weather, noFate), await this.#apply(fairWeather, noFate)];
    return ends.flatMap((end) => (end?.end ? [end.end.report] : []));
  }

  /** How often the target took a create. */
  get creates(): number {
    return this.#target.journal.filter(({ op, status }) => op === 'create' && status === 'ok').length;
  }

  end(): SeedEnd {
    return {
      seed: this.#seed,
      violations: this.#violations,
      trace: this.#hash.digest('hex'),
      runs: this.#runs,
      crashes: this.#crashes,
      reports: this.#reports,
      requests: this.#requests,
    };
  }

  async #day(rows: readonly DayRow[]): Promise<void> {
    writeFileSync(join(this.#folder, 'hr.csv'), feedOf(rows));
    const before = this.#target.journal.length;
    for (let tries = draw(this.#random, 0, 2); tries > 0; tries -= 1) {
      await this.#apply(this.#scenario.weather, this.#fate());
    }
    for (let tries = 1; ; tries += 1) {
      const end = await this.#apply(fairWeather, noFate);
      const exitCode = end?.failure?.exit ?? end?.end?.report.exitCode ?? -1;
      const isOver = exitCode === 0 || exitCode === 2 || exitCode === 3;
      // Of a blind target something may stay unknown for good.
      const isStuck = this.#scenario.knowing === 'blind' && exitCode === 4;
      if (isOver || (isStuck && tries > 1)) {
        const keys = end?.end?.report.failures.map(({ key }) => key) ?? [];
        const writes = this.#target.journal.slice(before);
        this.#violations.push(...this.#expected.judgeDay(rows, { exitCode, failed: new Set(keys), writes }));
        return;
      }
      if (tries === fairRunsMax) {
        const why = end?.failure?.message ?? end?.end?.stopped?.message ?? '';
        this.#violations.push(`the day did not end: exit ${exitCode} ${why}`);
        return;
      }
    }
  }

  #fate(): Fate {
    const kinds = ['none', 'crash', 'crash', 'crash', 'crash', 'full disk', 'stop', 'intruder'] as const;
    const kind = kinds[draw(this.#random, 0, kinds.length - 1)] ?? 'none';
    const reach = draw(this.#random, 0, 3) === 0 ? 20 : 60 + this.#scenario.days.length * 20;
    return { kind, at: draw(this.#random, 1, reach) };
  }

  /** One process: gives how its run ended; null when it died. */
  async #apply(weather: Weather, fate: Fate): Promise<TargetEnd | null> {
    this.#runs += 1;
    this.#target.run = this.#runs;
    const start = this.#target.journal.length;
    const clock = simClock(this.#nowMs);
    const stop = new AbortController();
    const intruders: Promise<void>[] = [];
    const life: Life = { dead: false, over: false, points: 0, diskFull: false, intended: null };
    const folder = this.#folder;
    // While the network is used, the run has the lock for certain.
    const onWire = (): void => {
      onPoint();
      if (fate.kind !== 'intruder' || life.points < fate.at || intruders.length > 0) return;
      intruders.push(this.#intrude(folder, life));
    };
    const onPoint = (): void => {
      life.points += 1;
      if (life.dead || life.points !== fate.at) return;
      if (fate.kind === 'crash') {
        life.dead = true;
        this.#die();
      }
      if (fate.kind === 'stop') stop.abort(new Error('stopped'));
    };
    const ledger = join(folder, 'ledger.db');
    watchDisk({
      before: (path) => {
        if (path !== ledger) return;
        onPoint();
        if (fate.kind === 'full disk' && life.points >= fate.at) life.diskFull = true;
        if (life.diskFull) throw fullDisk();
      },
      after: (path) => {
        if (path !== ledger) return;
        life.intended = null;
        onPoint();
      },
    });
    const random = seeded(this.#seed * 1_009 + this.#runs);
    const wire = new SimWire({
      target: this.#target,
      clock,
      random: this.#random,
      weather,
      refusesBatches: this.#scenario.refusesBatches,
      perSecond: this.#scenario.perSecond,
      onPoint: onWire,
      onWrite: (request) => this.#judgeWrite(request, ledger, life),
      onLost: (request) => this.#noteLost(request),
      trace: (line) => this.#trace(line),
      isDead: () => life.dead,
    });
    const world = quietWorld({ clock, random, signal: stop.signal });
    const end = await clock.runUntil(this.#runEngine(folder, () => ({ wire, world })));
    life.over = true;
    watchDisk(null);
    await Promise.all(intruders);
    this.#nowMs = clock.now() + 60_000;
    this.#violations.push(...wire.violations);
    if (life.dead) {
      this.#trace('died');
      return null;
    }
    this.#judgeEnd(end, this.#target.journal.slice(start));
    return end;
  }

  async #runEngine(folder: string, made: () => { wire: SimWire; world: World }): Promise<TargetEnd> {
    const { knowing, concurrency, batchSize, perSecond, disablesMax } = this.#scenario;
    const limits = {
      rates: [{ requests: perSecond, perMs: 1_000 }],
      concurrency,
      batchSize,
      batchBytes: 1_000_000,
      requestTimeoutMs: 30_000,
    };
    const provider = simProvider({ knowing, limits }, made);
    const file = join(folder, 'job.yaml');
    writeFileSync(file, JSON.stringify(jobOf(disablesMax, this.#messy)));
    const { jobs } = await readJob(file, { providers: { acme: provider } });
    const options = { mode: 'apply', asOf: null, state: null } as const;
    for await (const end of runTargets(jobs, options, made().world)) return end;
    throw new Error('No target was run.');
  }

  /** What is durable at this moment is all that the next process finds. */
  #die(): void {
    this.#crashes += 1;
    this.#generation += 1;
    const next = join(this.#root, `process-${this.#generation}`);
    mkdirSync(next);
    for (const name of ['hr.csv', 'ledger.db', 'ledger.db-wal']) {
      const from = join(this.#folder, name);
      if (existsSync(from)) copyFileSync(from, join(next, name));
    }
    this.#folder = next;
  }

  /** A second process beside the one that is under way: it must not get as far as a request. */
  async #intrude(folder: string, first: Life): Promise<void> {
    const world = quietWorld({ clock: simClock(this.#nowMs) });
    const wire = new SimWire({
      target: this.#target,
      clock: world.clock,
      random: () => 0.5,
      weather: fairWeather,
      refusesBatches: false,
      perSecond: 1_000,
      onPoint: () => undefined,
      onWrite: async () => undefined,
      onLost: () => undefined,
      trace: () => undefined,
      isDead: () => {
        if (!first.over)
          this.#violations.push('a second run came as far as a request while the first was under way');
        return true;
      },
    });
    const end = await this.#runEngine(folder, () => ({ wire, world }));
    if (end.failure?.exit !== 5 && !first.over) this.#violations.push('a second run did not end with 5');
  }

  /** Promise 2: whatever leaves stands in the ledger as open, for anybody who opens it now. */
  async #judgeWrite(request: WriteRequest, ledger: string, life: Life): Promise<void> {
    this.#requests += 1;
    life.intended ??= intentsOf(ledger);
    const intended = await life.intended;
    if (life.dead) return;
    for (const { id, values } of request.items) {
      const key = this.#keyOf(id, values);
      if (!intended.has(`${key} ${request.action} ${request.subject}`))
        this.#violations.push(`${request.action} of ${key} left before its intent was durable`);
      if (this.#lost.has(this.#nameOf(request, key, values)))
        this.#violations.push(
          `${request.action} of ${key} was sent again although nobody can tell whether it had been taken`,
        );
    }
  }

  #noteLost(request: WriteRequest): void {
    if (this.#scenario.knowing !== 'blind') return;
    for (const { id, values } of request.items)
      this.#lost.add(this.#nameOf(request, this.#keyOf(id, values), values));
  }

  #nameOf({ action, subject }: WriteRequest, key: string, values: unknown): string {
    return `${key} ${action} ${subject} ${JSON.stringify(values)}`;
  }

  #keyOf(id: string | null, values: Readonly<Record<string, unknown>>): string {
    const user = id === null ? undefined : this.#target.users.get(id);
    return user?.externalId ?? String(values.externalId ?? id);
  }

  #judgeEnd(end: TargetEnd, writes: SimTarget['journal']): void {
    const report = end.end?.report;
    this.#trace(`end ${end.failure?.code ?? report?.exitCode} ${JSON.stringify(report?.changes ?? null)}`);
    if (end.failure?.code === 'BUG') this.#violations.push(`a bug: ${String(end.failure.message)}`);
    if (end.end === null) {
      // Exit 4 is what a run says that may have written and could not report it.
      if (writes.length > 0 && end.failure?.exit !== 4)
        this.#violations.push(`${writes.length} writes, and the run says that there were none`);
      return;
    }
    if (end.end.stopped?.code === 'BUG') this.#violations.push(`a bug: ${end.end.stopped.message}`);
    this.#reports += 1;
    const { directory } = end.end;
    const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
    this.#violations.push(...brokenSums(end.end.report as never));
    const files = {
      results: read('results.csv'),
      rejects: read('rejects.csv'),
      report: JSON.parse(read('report.json')),
    };
    const feed = readFileSync(join(this.#folder, 'hr.csv'), 'utf8');
    this.#violations.push(...auditSim({ ...files, feed, journal: writes, users: this.#target.users }));
  }

  #trace(line: string): void {
    this.#hash.update(`${line}\n`);
    this.#onTrace(line);
  }
}

/** `key action subject` of every step that the newest run has intended and not settled. */
async function intentsOf(path: string): Promise<ReadonlySet<string>> {
  // Not the whole ledger: this is asked for thousands of times.
  const connection = connect(path, { readOnly: true });
  const intended = new Set<string>();
  try {
    const { idOf, find } = scopeEntries(connection);
    const { entries, numberOf } = runEntries(connection, { idOf, find });
    const steps = stepEntries(connection, { find, numberOf, sending: sendingHere(connection) });
    for (const run of await entries.runs({ limit: 1 })) {
      for await (const page of steps.openSteps(run.id)) for (const step of page) intended.add(nameOf(step));
    }
  } finally {
    connection.close();
  }
  return intended;
}

function nameOf({ change, step }: OpenStep): string {
  const { action = '', subject = '' } = change.steps[step] ?? {};
  return `${change.key} ${action} ${subject}`;
}

/** Days of a few people are larger than what percentages let pass. */
const roomyGuards = {
  ...allowEverything,
  ...Object.fromEntries(
    ['creates', 'updates', 'enables', 'removals', 'accessLost', 'attributes', 'blanked', 'keyChanges'].map(
      (name) => [name, 1_000],
    ),
  ),
  ...Object.fromEntries(['missing', 'emptyCells', 'jobChanged'].map((name) => [name, 1_000])),
};

function jobOf(disablesMax: number, messy: boolean): object {
  return {
    name: 'hr',
    ledger: 'ledger.db',
    feed: {
      path: 'hr.csv',
      columns: {
        externalId: 'ID',
        userName: { from: 'Login', empty: 'reject' },
        title: 'Title',
        roles: { from: 'Roles', owned: ['*'], empty: 'clear' },
      },
      whole: { trailer: 'TRAILER' },
      ...(messy ? { where: [{ column: 'Site', is: 'here' }], onePerson: { prefer: ['highest Rank'] } } : {}),
    },
    match: 'externalId',
    firstLoad: true,
    policy: { leavers: [{ disable: 'now' }] },
    guards: { ...roomyGuards, disables: disablesMax },
    target: {
      provider: 'acme',
      baseUrl: 'https://directory.example.com',
      auth: { type: 'bearer', token: 'env:TOKEN' },
    },
  };
}
