import type { FieldPath, Report, Trouble } from './problem.ts';
import { fieldOf, isRecord, type JsonRecord } from './record.ts';

/** A job as it would be written for one of its targets alone. */
export interface TargetView {
  /** The target's name in the list; null for a job with one target, or for an entry that does not tell. */
  readonly name: string | null;
  readonly data: JsonRecord;
  /** Takes troubles of this view, and reports them where their cause stands in the file. */
  readonly report: Report;
}

/**
 * One view for each target of the job, so that each can be resolved as if there were no other. What is wrong with
 * `target` or `targets` themselves is reported; the view that then remains still lets the rest be checked.
 */
export function targetViews(data: JsonRecord, report: Report): readonly TargetView[] {
  const { target, targets, ...shared } = data;
  if (target === undefined && targets === undefined) {
    report({
      path: ['target'],
      message: '`target` is missing',
      hint: 'Give the system to be written, or several as a list under `targets`.',
    });
  }
  if (target !== undefined && targets !== undefined) {
    report({
      path: ['targets'],
      at: 'key',
      message: '`target` and `targets` exclude each other',
      hint: 'Move what `target` says into the list, as one entry more.',
    });
  }
  const entries: readonly unknown[] = Array.isArray(targets) ? targets : [];
  const views = entries.flatMap((entry, index) =>
    isRecord(entry) ? [viewOf(shared, entry, index, report)] : [],
  );
  return views.length > 0 ? views : [{ name: null, data, report }];
}

/** What an entry of `targets` is called; undefined when neither its name nor its provider is text. */
export function nameOfTarget(entry: unknown): string | undefined {
  const name = fieldOf(entry, 'name') ?? fieldOf(entry, 'provider');
  return typeof name === 'string' || typeof name === 'number' ? String(name) : undefined;
}

/** What an entry of `targets` may say otherwise than the job; sections are laid over field by field. */
const ownSections: readonly string[] = [
  'columns',
  'match',
  'policy',
  'manage',
  'protect',
  'guards',
  'firstLoad',
];

function viewOf(shared: JsonRecord, entry: JsonRecord, index: number, report: Report): TargetView {
  const { columns, ...own } = Object.fromEntries(
    Object.entries(entry).filter(([name]) => ownSections.includes(name)),
  );
  const sections = Object.entries(own).map(([name, value]) => [name, over(shared[name], value)]);
  const withColumns = (feed: unknown): unknown =>
    isRecord(feed) ? { ...feed, columns: over(feed.columns, columns) } : feed;
  const feed = {
    ...(shared.feed === undefined ? {} : { feed: withColumns(shared.feed) }),
    ...(Array.isArray(shared.feeds) ? { feeds: shared.feeds.map(withColumns) } : {}),
  };
  const name = nameOfTarget(entry);
  const found = name === undefined ? {} : { target: name };
  return {
    name: name ?? null,
    data: { ...shared, ...Object.fromEntries(sections), ...feed, target: entry },
    report: (trouble) => report({ ...moved(trouble, entry, index), ...found }),
  };
}

/** One level deep: a column, a guard or a leaver rule is one thing. */
function over(below: unknown, above: unknown): unknown {
  if (above === undefined) return below;
  return isRecord(below) && isRecord(above) ? { ...below, ...above } : above;
}

function moved(trouble: Trouble, entry: JsonRecord, index: number): Trouble {
  const { path, place, message } = trouble;
  return {
    ...trouble,
    path: inList(path, entry, index),
    ...(place === undefined ? {} : { place: inList(place, entry, index) }),
    message: message.replaceAll('`target.', `\`targets.${index}.`),
  };
}

/** A field of the view stands in the list when the entry has it, else where all targets share it. */
function inList(path: FieldPath, entry: JsonRecord, index: number): FieldPath {
  const [part = '', ...rest] = path;
  if (part === 'target') return ['targets', index, ...rest];
  const inFeed = part === 'feed' ? rest : part === 'feeds' ? rest.slice(1) : [];
  const own: FieldPath = inFeed[0] === 'columns' ? inFeed : path;
  return isOwn(own, entry) ? ['targets', index, ...own] : path;
}

/** Sections are laid over field by field, so the field decides; a list or a plain value stands for itself. */
function isOwn([part, field]: FieldPath, entry: JsonRecord): boolean {
  if (typeof part !== 'string' || !ownSections.includes(part) || !Object.hasOwn(entry, part)) return false;
  const section = entry[part];
  return !isRecord(section) || field === undefined || Object.hasOwn(section, field);
}
