import type { Column, FeedSettings, LeaverRule } from '../domain/settings.ts';
import type { Job } from './job.ts';
import { isRecord } from './record.ts';

type Setting = string | number | boolean | null;

/**
 * What decides of a plan, by its place in the job, for a later run to compare with: each a single value, lists as JSON.
 * Limits of requests decide nothing, and where a feed lies and how it is written is left out, since `--feed` changes
 * that for a single run. Of credentials only references are kept.
 */
export function settingsOf(job: Job): Readonly<Record<string, Setting>> {
  const { feeds, match, policy, scope, protect, target, firstLoad, state } = job;
  const { leavers, ...otherPolicy } = policy;
  return flat({
    match: match.join(', '),
    firstLoad,
    state: state.from,
    policy: { ...otherPolicy, leavers: byOperation(leavers) },
    manage: { scope },
    protect,
    feeds: Object.fromEntries(feeds.map((feed, position) => [feed.name || position, meaningOf(feed)])),
    target: { provider: target.provider.id, config: target.config },
  });
}

function byOperation(leavers: readonly LeaverRule[]): Record<string, number> {
  return Object.fromEntries(leavers.map(({ operation, afterDays }) => [operation, afterDays]));
}

function meaningOf(feed: FeedSettings): object {
  const { columns, mode, where, outside, onePerson, action, employment, dates, whole, older } = feed;
  return {
    columns: Object.fromEntries(columns.map((column) => [column.attribute, columnMeaning(column)])),
    ...{ mode, where, outside, onePerson, action, employment, dates, whole, older },
  };
}

/** In one line: how a column is read belongs together. */
function columnMeaning({ attribute: _, ...column }: Column): string {
  return JSON.stringify(column);
}

function flat(settings: object, prefix = ''): Record<string, Setting> {
  const all: Record<string, Setting> = {};
  for (const [name, value] of Object.entries(settings) as [string, unknown][]) {
    const place = `${prefix}${name}`;
    if (isRecord(value)) Object.assign(all, flat(value, `${place}.`));
    else if (value !== undefined) all[place] = shown(place, value);
  }
  return all;
}

function shown(place: string, value: unknown): Setting {
  if (/(?:^|\.)auth\./.test(place) && !isReference(value)) return '(given)';
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isReference(value: unknown): boolean {
  return typeof value === 'string' && /^(?:env|file):/.test(value);
}
