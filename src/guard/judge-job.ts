import type { GuardLimit, GuardLimits } from '../domain/guard-settings.ts';
import { plainGuards, timedGuards } from '../domain/guard-settings.ts';
import type { Guard } from './guard.ts';
import { jobChangeLines } from './job-change-lines.ts';
import { allowedOf, shownLimit } from './limits.ts';

/** A job's settings as they are kept, to be compared with those of a later run; secrets by reference only. */
export interface JobSettings {
  readonly guards: GuardLimits;
  /** Everything else that decides what a plan holds, by its place: `policy.leavers.disable`, `match` … */
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;
}

/** One setting that is not what it was when the job last wrote to the target. */
export interface JobChange {
  readonly field: string;
  /** As JSON; null where the job did not say it. */
  readonly before: string | null;
  readonly after: string | null;
  /** True when it lets more pass than before. */
  readonly weakens: boolean;
}

/**
 * What changed in a job between two runs, in the order of the fields' names.
 * @param managed users under management: a percentage and a count are compared by them
 */
export function jobChanges(before: JobSettings, after: JobSettings, managed: number): readonly JobChange[] {
  const changes = [...guardChanges(before.guards, after.guards, managed), ...fieldChanges(before, after)];
  return changes.sort((one, other) => (one.field < other.field ? -1 : 1));
}

function guardChanges(before: GuardLimits, after: GuardLimits, managed: number): readonly JobChange[] {
  const limits: [string, GuardLimit | undefined, GuardLimit | undefined][] = [];
  for (const name of timedGuards) {
    const [was, is] = [before[name], after[name]];
    limits.push([`guards.${name}`, was, is]);
    limits.push([`guards.${name}.per24h`, was?.per24h, is?.per24h]);
    limits.push([`guards.${name}.per7d`, was?.per7d, is?.per7d]);
  }
  for (const name of plainGuards) limits.push([`guards.${name}`, before[name], after[name]]);
  for (const name of new Set([...Object.keys(before.attributes), ...Object.keys(after.attributes)])) {
    const usual = (guards: GuardLimits): GuardLimit | undefined =>
      guards.attributes[name] ?? guards.attributes['*'];
    limits.push([`guards.attributes.${name}`, usual(before), usual(after)]);
  }
  const changes = limits.flatMap(([field, was, is]) => {
    // A guard that one of the two versions of rollcall does not know.
    if (was === undefined || is === undefined || textOf(was) === textOf(is)) return [];
    return [{ field, before: textOf(was), after: textOf(is), weakens: isWeaker(was, is, managed) }];
  });
  const events = [JSON.stringify(before.expected), JSON.stringify(after.expected)] as const;
  if (events[0] === events[1]) return changes;
  // An event has dates, a reason and a name: it is the way to raise a limit.
  return [...changes, { field: 'guards.expected', before: events[0], after: events[1], weakens: false }];
}

function textOf({ percent, count }: GuardLimit): string {
  return JSON.stringify({
    ...(percent === null ? {} : { percent }),
    ...(count === null ? {} : { count }),
  });
}

/** Of the same form the figures tell; else what the two would allow now. */
function isWeaker(was: GuardLimit, is: GuardLimit, managed: number): boolean {
  const sameForm =
    (was.percent === null) === (is.percent === null) && (was.count === null) === (is.count === null);
  if (!sameForm) return allowedOf(is, managed) > allowedOf(was, managed);
  return (is.percent ?? 0) > (was.percent ?? 0) || (is.count ?? 0) > (was.count ?? 0);
}

function fieldChanges({ fields: before }: JobSettings, { fields: after }: JobSettings): readonly JobChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((field) => {
    const [was, is] = [before[field], after[field]];
    if (was === is) return [];
    const shown = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
    const isWeaker = !isGone(field, after) && weakens(field, was, is);
    return [{ field, before: shown(was), after: shown(is), weakens: isWeaker }];
  });
}

type Setting = JobSettings['fields'][string] | undefined;

/** Settings whose change lets more pass, and how it does. */
const weakenings: readonly (readonly [RegExp, (before: Setting, after: Setting) => boolean])[] = [
  // Who is who: any change may pair people with other users.
  [/^match$/, () => true],
  [/^policy\.leavers\./, (before, after) => earlier(before, after)],
  [/^policy\.onLeave$/, (_, after) => after === 'disable'],
  [/^policy\.witnessesApartMs$/, (before, after) => Number(after) < Number(before)],
  [/^feeds\.[^.]*\.whole\./, (before, after) => isGiven(before) && !isGiven(after)],
  [/^feeds\.[^.]*\.mode$/, (before, after) => before === 'delta' && after === 'full'],
  [/^feeds\.[^.]*\.outside$/, (_, after) => after === 'leaver'],
  [/^feeds\.[^.]*\.older$/, (_, after) => after === 'take'],
  [/^feeds\.[^.]*\.action\.unlinked$/, (_, after) => after === 'act'],
  // What keeps users out of harm's way, however it is changed.
  [/(?:^|\.)(?:protect|protected|manage|scope)(?:\.|$)/, () => true],
];

function weakens(field: string, before: Setting, after: Setting): boolean {
  return weakenings.some(([place, test]) => place.test(field) && test(before, after));
}

/** Whether it is said of a feed that the job no longer has, perhaps for another name: nothing comes in by it. */
function isGone(field: string, after: JobSettings['fields']): boolean {
  const [feed] = /^feeds\.[^.]*\./.exec(field) ?? [];
  return feed !== undefined && after[`${feed}mode`] === undefined;
}

function isGiven(setting: Setting): boolean {
  return setting !== undefined && setting !== null;
}

/** Whether leavers are dealt with who were not, or sooner. */
function earlier(before: Setting, after: Setting): boolean {
  if (typeof after !== 'number') return false;
  return typeof before !== 'number' || after < before;
}

export interface JobUnderGuard {
  /** What changed since the job last wrote to the target; empty where nothing did, or where it never did. */
  readonly changes: readonly JobChange[];
  /** Why a person lets the change pass, and who; null where nobody did. */
  readonly accepted: string | null;
  readonly limit: GuardLimit;
  /** People whom the plan concerns. */
  readonly people: number;
  readonly managed: number;
}

/** Judges the first plan after a change of the job: a guard that is weaker, or a plan that concerns many, is held. */
export function judgeJob({ changes, accepted, limit, people, managed }: JobUnderGuard): readonly Guard[] {
  if (changes.length === 0) return [];
  const weaker = changes.filter((change) => change.weakens);
  const allowed = weaker.length > 0 ? 0 : allowedOf(limit, managed);
  const holds = weaker.length > 0 || people > allowed;
  const tripped = holds && accepted === null;
  const what =
    weaker.length > 0
      ? `The job lets more pass than when it last wrote: ${weaker.flatMap(jobChangeLines).join('; ')}.`
      : `The job changed since it last wrote (${changes.map(({ field }) => field).join(', ')}), and the plan ` +
        `concerns ${people} people, where ${allowed} are allowed after a change (guards.jobChanged).`;
  return [
    {
      name: 'jobChanged',
      limit: shownLimit(allowed),
      actual: people,
      tripped,
      advice: tripped
        ? `${what} Read the plan; if it is meant, apply it with --accept-job-change "REASON".`
        : null,
      ...(accepted === null ? {} : { allowedBy: accepted }),
      ...(holds && !tripped ? { released: true } : {}),
    },
  ];
}
