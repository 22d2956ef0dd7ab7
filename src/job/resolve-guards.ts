import {
  type ExpectedEvent,
  type GuardLimit,
  type GuardLimits,
  type PlainGuard,
  plainGuards,
  type TimedGuard,
  type TimedLimit,
  timedGuards,
} from '../domain/guard-settings.ts';
import { sound } from './check-shape.ts';
import { ExpectedFile, LimitFile, TimedFile } from './guard-schema.ts';
import { didYouMean } from './nearest.ts';
import type { FieldPath, Report } from './problem.ts';
import { fieldOf, isRecord } from './record.ts';

/** How much more than one plan all runs of a window of time may do. */
const windowFactors = { per24h: 2, per7d: 4 } as const;

/** An event that goes on for longer is no event, but a guard that is switched off. */
const eventDaysMax = 92;

const percent = (value: number): GuardLimit => ({ percent: value, count: null });

/**
 * The guards of a job that names none, each in percent of the managed users (or rows, bytes, columns, cells), where
 * three always pass. What cannot be taken back easily has the smallest.
 */
export const defaultGuards: GuardLimits = {
  creates: withWindows(percent(20)),
  updates: withWindows(percent(50)),
  enables: withWindows(percent(5)),
  disables: withWindows(percent(5)),
  removals: withWindows(percent(2)),
  accessLost: withWindows(percent(5)),
  attributes: { '*': percent(30) },
  blanked: percent(5),
  keyChanges: percent(5),
  missing: percent(5),
  targetRead: percent(50),
  feedRows: percent(10),
  feedBytes: percent(30),
  feedColumns: percent(20),
  emptyCells: percent(10),
  rowsSetAside: percent(10),
  jobChanged: percent(20),
  expected: [],
};

/**
 * The guards with the defaults in place of those that the job does not name.
 * @param attributes those that the job maps
 */
export function resolveGuards(raw: unknown, attributes: ReadonlySet<string>, report: Report): GuardLimits {
  const timed: Partial<Record<TimedGuard, TimedLimit>> = {};
  for (const name of timedGuards) {
    const file = sound(TimedFile.optional(), fieldOf(raw, name));
    timed[name] = file === undefined ? defaultGuards[name] : toTimed(file, defaultGuards[name]);
  }
  const plain: Partial<Record<PlainGuard, GuardLimit>> = {};
  for (const name of plainGuards) {
    const file = sound(LimitFile.optional(), fieldOf(raw, name));
    plain[name] = file === undefined ? defaultGuards[name] : toLimit(file);
  }
  return {
    ...defaultGuards,
    ...timed,
    ...plain,
    attributes: resolveAttributes(fieldOf(raw, 'attributes'), attributes, report),
    expected: resolveExpected(fieldOf(raw, 'expected'), attributes, report),
  };
}

function toTimed(file: TimedFile, fallback: TimedLimit): TimedLimit {
  if (typeof file !== 'object') return withWindows(toLimit(file));
  const { per24h, per7d, ...own } = file;
  // A job may speak of the windows alone: then one plan is judged as ever.
  const limit = Object.keys(own).length === 0 ? bare(fallback) : toLimit(own);
  const usual = withWindows(limit);
  return {
    ...limit,
    per24h: per24h === undefined ? usual.per24h : toLimit(per24h),
    per7d: per7d === undefined ? usual.per7d : toLimit(per7d),
  };
}

function bare({ percent: share, count }: GuardLimit): GuardLimit {
  return { percent: share, count };
}

function withWindows(limit: GuardLimit): TimedLimit {
  return {
    ...limit,
    per24h: times(limit, windowFactors.per24h),
    per7d: times(limit, windowFactors.per7d),
  };
}

function times({ percent: share, count }: GuardLimit, factor: number): GuardLimit {
  return { percent: share === null ? null : share * factor, count: count === null ? null : count * factor };
}

function toLimit(file: LimitFile): GuardLimit {
  if (typeof file === 'string') return percent(percentOf(file));
  if (typeof file === 'number') return { percent: null, count: file };
  return { percent: file.percent === undefined ? null : percentOf(file.percent), count: file.count ?? null };
}

function percentOf(text: string | number): number {
  return typeof text === 'number' ? text : Number(text.slice(0, -1));
}

function resolveAttributes(
  raw: unknown,
  mapped: ReadonlySet<string>,
  report: Report,
): GuardLimits['attributes'] {
  if (raw === undefined) return defaultGuards.attributes;
  if (!isRecord(raw)) {
    const file = sound(LimitFile, raw);
    return file === undefined ? defaultGuards.attributes : { '*': toLimit(file) };
  }
  const limits: Record<string, GuardLimit> = { ...defaultGuards.attributes };
  for (const [name, value] of Object.entries(raw)) {
    if (name !== '*') refuseUnmapped(name, mapped, ['guards', 'attributes', name], report);
    const file = sound(LimitFile, value);
    if (file !== undefined) limits[name] = toLimit(file);
  }
  return limits;
}

function refuseUnmapped(name: string, mapped: ReadonlySet<string>, path: FieldPath, report: Report): void {
  if (mapped.size === 0 || mapped.has(name)) return;
  report({
    path,
    at: path.at(-1) === name ? 'key' : 'value',
    message: `the job maps no attribute \`${name}\`${didYouMean(name, [...mapped])}`,
    hint: `Mapped are: ${[...mapped].join(', ')}`,
  });
}

function resolveExpected(
  raw: unknown,
  mapped: ReadonlySet<string>,
  report: Report,
): readonly ExpectedEvent[] {
  if (!Array.isArray(raw)) return [];
  return raw.flatMap((entry: unknown, index) => {
    const file = sound(ExpectedFile, entry);
    if (file === undefined) return [];
    const path = ['guards', 'expected', index];
    checkDays(file, path, report);
    if (file.attribute !== undefined) checkAttribute(file, file.attribute, mapped, { path, report });
    const { from, to, what, attribute = null, upTo, why, by } = file;
    return [{ from, to, what, attribute, upTo: toLimit(upTo), why, by }];
  });
}

function checkAttribute(
  { what }: ExpectedFile,
  attribute: string,
  mapped: ReadonlySet<string>,
  { path, report }: { readonly path: FieldPath; readonly report: Report },
): void {
  if (what === 'attributes') refuseUnmapped(attribute, mapped, [...path, 'attribute'], report);
  else report({ path: [...path, 'attribute'], message: '`attribute` goes with `what: attributes` only' });
}

function checkDays({ from, to }: ExpectedFile, path: FieldPath, report: Report): void {
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000;
  if (days < 0) report({ path: [...path, 'to'], message: '`to` lies before `from`' });
  if (days < eventDaysMax) return;
  report({
    path: [...path, 'to'],
    message: `an expected event lasts ${eventDaysMax} days at most`,
    hint: 'If it is always so, raise the guard itself.',
  });
}
