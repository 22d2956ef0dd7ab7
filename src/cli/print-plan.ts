import { type Estimate, estimateDuration } from '../dispatch/estimate-duration.ts';
import { operations } from '../domain/change.ts';
import type { Limits } from '../domain/settings.ts';
import { planChanges, type SavedPlan } from '../plan/read-plan.ts';
import {
  type AttributeSummary,
  groupOf,
  type PlanGroup,
  type PlanSummary,
  planGroups,
  summarisePlan,
  type ValuePair,
} from '../plan/summarise-plan.ts';
import { limitText } from '../report/guard-limit.ts';
import { bareTable } from './bare-table.ts';
import { print } from './output.ts';
import { describeChange, type Shown, shownBy } from './print-change.ts';
import { number, plural, printable } from './text.ts';

/** How somebody wants to read a plan. */
export interface PlanView {
  readonly show: 'people' | 'attributes' | 'summary';
  /** How many changes are printed. */
  readonly limit: number;
  /** Whether values and names are masked; lasting ids are not. */
  readonly mask: boolean;
}

export interface PlanReading {
  readonly summary: PlanSummary;
  readonly estimate: Estimate;
}

/** Reads a plan for `printPlan`, or for a script. */
export function readForPeople(plan: SavedPlan, limits: Limits): PlanReading {
  const summary = summarisePlan(planChanges(plan));
  return { summary, estimate: estimateDuration(summary.steps, limits) };
}

/** Prints a plan as a stream: nothing of it but counts is kept. */
export function printPlan(plan: SavedPlan, { summary, estimate }: PlanReading, view: PlanView): void {
  if (plan.end.changes === 0) return;
  const shown = shownBy(view);
  switch (view.show) {
    case 'people':
      printPeople(plan, summary, view.limit, shown);
      break;
    case 'attributes':
      print(attributesText(summary.attributes, view.mask));
      break;
    case 'summary':
      print(`${summaryText(plan, summary)}\n`);
  }
  print(`${undoText(summary)}\n${estimateText(estimate)}\n\n`);
}

const headings: Readonly<Record<PlanGroup, string>> = {
  conflict: 'conflicts: a person has to look, nothing is sent',
  remove: 'removals',
  disable: 'disables',
  accessLost: 'updates that take access away',
  update: 'other updates',
  enable: 'enables',
  create: 'creates',
};

/** The plan is read once for each group that is shown: the riskiest come first, wherever they stand in it. */
function printPeople(plan: SavedPlan, { groups }: PlanSummary, limit: number, shown: Shown): void {
  let left = limit;
  for (const group of planGroups) {
    if (groups[group] === 0 || left === 0) continue;
    print(`${headings[group]} (${number(groups[group])})`);
    let ofGroup = Math.min(left, groups[group]);
    left -= ofGroup;
    for (const change of planChanges(plan)) {
      if (groupOf(change) !== group) continue;
      print(describeChange(change, shown));
      ofGroup -= 1;
      if (ofGroup === 0) break;
    }
    print('');
  }
  const { changes } = plan.end;
  const rest = changes - (limit - left);
  if (rest > 0 && limit > 0) {
    print(
      `… and ${number(rest)} more: --limit ${changes} shows all, --show attributes what they have in common\n\n`,
    );
  }
}

function attributesText(attributes: readonly AttributeSummary[], mask: boolean): string {
  if (attributes.length === 0) return 'no attribute of an existing user changes\n\n';
  const width = Math.max(...attributes.map(({ name }) => name.length));
  const lines = attributes.flatMap(({ name, changed, emptied, pairs, isExact }) => {
    const without = emptied === 0 ? '' : `, ${number(emptied)} left without a value`;
    const head = `${name.padEnd(width)}  ${plural(changed, 'change')}${without}`;
    return [head, ...(mask ? [] : pairs.map((pair) => pairText(pair, isExact)))];
  });
  return `${lines.join('\n')}\n\n`;
}

function pairText({ kind, from, to, count }: ValuePair, isExact: boolean): string {
  const times = `${isExact ? '' : 'at least '}${number(count)}`.padStart(8);
  const text = (value: string | null): string => (value === null ? '(none)' : printable(value));
  if (kind === 'value') return `${times} x ${text(from)} -> ${text(to)}`;
  return from === null ? `${times} x given ${text(to)}` : `${times} x taken ${text(from)}`;
}

function summaryText(plan: SavedPlan, summary: PlanSummary): string {
  const causes = ['feed', 'status', 'absence', 'approved', 'revert'].filter((cause) =>
    operations.some((operation) => summary.byCause[operation][cause] !== undefined),
  );
  const rows = operations
    .filter((operation) => Object.keys(summary.byCause[operation]).length > 0)
    .map((operation) => [
      operation,
      ...causes.map((cause) => number(summary.byCause[operation][cause] ?? 0)),
    ]);
  const table = bareTable(
    ['asked for by', ...causes],
    rows,
    causes.map((_, at) => at + 1),
  );
  const conflicts = Object.entries(summary.conflicts).map(
    ([code, count]) => `${number(count).padStart(8)} x ${code}`,
  );
  return [
    ...(causes.length === 0 ? [] : [table, '']),
    ...(conflicts.length === 0 ? [] : ['conflicts', ...conflicts, '']),
    guardsText(plan),
    '',
  ].join('\n');
}

/** A guard as the plan's last line has it. */
type PlanGuard = Readonly<Record<string, unknown>>;

function guardsText({ end }: SavedPlan): string {
  if (end.guards.length === 0) return 'no guard has anything to judge';
  const rows = end.guards.map((guard) => {
    const { limit, actual, name } = guard;
    const allowed = typeof limit === 'number' ? limitText(String(name), limit) : '';
    return [guardName(guard), allowed, typeof actual === 'number' ? number(actual) : '', verdictOf(guard)];
  });
  const table = bareTable(['guard', 'limit', 'figure', 'verdict'], rows, [1, 2]);
  return `${table}\nlimits over 24 hours and 7 days are judged by each run itself`;
}

function guardName({ name, subject }: PlanGuard): string {
  return printable(subject === undefined ? String(name) : `${String(name)} (${String(subject)})`);
}

function verdictOf({ tripped, released, allowedBy }: PlanGuard): string {
  if (tripped === true) return 'holds';
  return released === true ? `let pass: ${printable(String(allowedBy ?? ''))}` : 'passes';
}

function undoText({ undo, groups }: PlanSummary): string {
  const parts = (['full', 'partly', 'no'] as const)
    .filter((extent) => undo[extent] > 0)
    .map((extent) => `${number(undo[extent])} ${extent}`);
  const conflicts = groups.conflict === 0 ? '' : ` (${plural(groups.conflict, 'conflict')} not counted)`;
  return parts.length === 0 ? 'undo    nothing to undo' : `undo    ${parts.join(', ')}${conflicts}`;
}

const becauseOf = {
  rate: 'the rate of requests',
  records: 'the rate of records',
  concurrency: 'the requests at a time, at half a second each',
};

export function estimateText({ steps, requests, durationMs, by }: Estimate): string {
  if (steps === 0) return 'time    nothing to send';
  const few = `${plural(steps, 'step')} in ${plural(requests, 'request')} at the least`;
  return `time    ${durationText(durationMs)} or more, by ${becauseOf[by]}: ${few}`;
}

function durationText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
