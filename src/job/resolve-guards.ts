import { type GuardLimit, type GuardLimits, type GuardName, guardNames } from '../domain/settings.ts';
import { sound } from './check-shape.ts';
import { GuardFile } from './job.ts';
import { fieldOf } from './record.ts';

/**
 * The guards of a job that names none, each in percent of the managed users, where three people always pass.
 * What cannot be taken back easily has the smallest: removals 2 %, enables and disables 5 %, creates 20 %,
 * updates 50 %.
 */
export const defaultGuards: GuardLimits = {
  creates: { percent: 20, count: null },
  updates: { percent: 50, count: null },
  enables: { percent: 5, count: null },
  disables: { percent: 5, count: null },
  removals: { percent: 2, count: null },
};

/** The guards with the defaults in place of those that the job does not name. */
export function resolveGuards(raw: unknown): GuardLimits {
  const limits: Partial<Record<GuardName, GuardLimit>> = {};
  for (const name of guardNames) {
    const file = sound(GuardFile.optional(), fieldOf(raw, name));
    limits[name] = file === undefined ? defaultGuards[name] : toLimit(file);
  }
  return { ...defaultGuards, ...limits };
}

function toLimit(file: GuardFile): GuardLimit {
  if (typeof file === 'string') return { percent: percentOf(file), count: null };
  if (typeof file === 'number') return { percent: null, count: file };
  return { percent: file.percent === undefined ? null : percentOf(file.percent), count: file.count ?? null };
}

function percentOf(text: string | number): number {
  return typeof text === 'number' ? text : Number(text.slice(0, -1));
}
