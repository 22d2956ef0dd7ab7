import { isDeepStrictEqual } from 'node:util';
import { type DayRow, loginOf, type Scenario } from './days.ts';
import type { JournalLine, SimTarget, SimUser } from './sim-target.ts';

/** How a day ended. */
export interface DayEnd {
  readonly exitCode: number;
  /** Lasting ids of the people whom the last report names as failed, in conflict or unknown. */
  readonly failed: ReadonlySet<string>;
  /** What the target was asked to write on this day. */
  readonly writes: readonly JournalLine[];
}

type Wanted = Pick<SimUser, 'active' | 'externalId' | 'userName' | 'title' | 'roles'>;

/** What every person has to be after each day, told from the feeds alone. */
export class Expectations {
  readonly #scenario: Scenario;
  readonly #target: SimTarget;
  readonly #strangers: readonly SimUser[];
  #wanted: ReadonlyMap<string, Wanted> = new Map();
  /** People of whom it cannot be told what they are: the target refuses them, or nobody knows. */
  readonly #open = new Set<string>();

  constructor(scenario: Scenario, target: SimTarget) {
    this.#scenario = scenario;
    this.#target = target;
    const named = new Set(scenario.days.flat().map(({ key }) => key));
    this.#strangers = [...target.users.values()].filter(({ externalId }) => !named.has(externalId));
  }

  judgeDay(rows: readonly DayRow[], { exitCode, failed, writes }: DayEnd): readonly string[] {
    const readable = rows.filter((row) => row.spoilt !== true && row.twice !== true);
    const present = new Set(rows.map(({ key }) => key));
    const leavers = [...this.#wanted].filter(([key, { active }]) => active && !present.has(key));
    // Who is in doubt, or whom the target refuses, may count as a leaver or not.
    const [open, sure] = partition(leavers, ([key]) => this.#isOpen(key));
    const stillOpen = [...this.#open].filter(
      (key) => !present.has(key) && this.#wanted.get(key)?.active === false,
    );
    const max = this.#scenario.disablesMax;
    if (sure.length > max) {
      if (exitCode !== 3) return [`${sure.length} leavers passed the guard: exit ${exitCode}`];
      return writes.length === 0 ? [] : ['a held run wrote'];
    }
    if (exitCode === 3) {
      const most = sure.length + open.length + stillOpen.length;
      return most > max ? [] : [`${most} leavers were held`];
    }
    for (const key of failed) this.#open.add(key);
    const wanted = new Map(this.#wanted);
    for (const [key, user] of leavers) wanted.set(key, { ...user, active: false });
    for (const { key, title, roles } of readable)
      wanted.set(key, {
        active: true,
        externalId: key,
        userName: loginOf(key),
        title,
        roles: [...roles].sort(),
      });
    this.#wanted = wanted;
    return [...this.#judgePeople(failed, rows), ...this.#judgeStrangers(), ...judgeSpoilt(rows, writes)];
  }

  #isOpen(key: string): boolean {
    return this.#open.has(key) || this.#scenario.poison.has(key);
  }

  *#judgePeople(failed: ReadonlySet<string>, rows: readonly DayRow[]): Generator<string> {
    const { knowing, poison } = this.#scenario;
    const unreadable = new Set(rows.filter((row) => row.spoilt ?? row.twice).map(({ key }) => key));
    for (const key of failed) {
      if (knowing !== 'blind' && !poison.has(key) && !unreadable.has(key))
        yield `${key} failed, and nothing was wrong with it`;
    }
    const byKey = Map.groupBy(this.#target.users.values(), ({ externalId }) => externalId);
    for (const [key, wanted] of this.#wanted) {
      if (this.#isOpen(key)) continue;
      const [user, second] = byKey.get(key) ?? [];
      if (user === undefined) yield `${key} was lost`;
      else if (second !== undefined) yield `${key} is there twice`;
      else if (!isAs(user, wanted))
        yield `${key} is ${JSON.stringify(user)}, and should be ${JSON.stringify(wanted)}`;
    }
  }

  *#judgeStrangers(): Generator<string> {
    for (const stranger of this.#strangers) {
      if (!isDeepStrictEqual(this.#target.users.get(stranger.id), stranger))
        yield `${stranger.externalId} was touched, and is nobody's`;
    }
  }
}

function partition<T>(list: readonly T[], test: (one: T) => boolean): readonly [T[], T[]] {
  return [list.filter(test), list.filter((one) => !test(one))];
}

/** Roles of who is disabled are the target's own business. */
function isAs(user: SimUser, { active, externalId, userName, title, roles }: Wanted): boolean {
  if (user.active !== active || user.externalId !== externalId) return false;
  if (!active) return true;
  return (
    user.userName === userName && user.title === title && isDeepStrictEqual([...user.roles].sort(), roles)
  );
}

/** Whose row could not be read is left as it is. */
function* judgeSpoilt(rows: readonly DayRow[], writes: readonly JournalLine[]): Generator<string> {
  const spoilt = new Set(rows.filter((row) => row.spoilt ?? row.twice).map(({ key }) => key));
  for (const { op, key } of writes) if (spoilt.has(key)) yield `${op} of ${key}, whose row could not be read`;
}
