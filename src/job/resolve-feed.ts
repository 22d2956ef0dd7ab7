import { resolve } from 'node:path';
import type { FeedSettings, Wholeness } from '../domain/settings.ts';
import { checkPasswordColumn, refuseReadPasswords } from './check-password-column.ts';
import { sound } from './check-shape.ts';
import { limitsOf } from './feed-limits.ts';
import { FeedFile } from './feed-schema.ts';
import type { FieldPath, Report } from './problem.ts';
import { durationMs } from './quantity.ts';
import { fieldOf, isRecord, type JsonRecord } from './record.ts';
import { type ColumnsContext, resolveColumns } from './resolve-columns.ts';
import { checkDates, datesOf, employmentOf } from './resolve-dates.ts';
import { checkEncoding, checkFormatOptions, resolveDelimiter, resolveFormat } from './resolve-format.ts';
import { actionOf, checkRows, conditionsOf, onePersonOf } from './resolve-rows.ts';
import { afterwardsOf, checkSource, placeOf, resolveDelivery, resolveSource } from './resolve-source.ts';

export interface FeedContext extends ColumnsContext {
  readonly directory: string;
}

/**
 * The job's feeds; undefined when the shape of one is wrong. What is wrong beyond the shape is reported.
 */
export function resolveFeeds(data: JsonRecord, context: FeedContext): readonly FeedSettings[] | undefined {
  const { report } = context;
  if ((data.feed === undefined) === (data.feeds === undefined)) {
    report({
      path: [data.feed === undefined ? 'feed' : 'feeds'],
      message: data.feed === undefined ? '`feed` is missing' : '`feed` and `feeds` exclude each other',
      hint: 'Give the file of wanted users, or several as a list under `feeds`.',
    });
  }
  if (data.feeds === undefined) {
    if (fieldOf(data.feed, 'optional') !== undefined) {
      report({
        path: ['feed', 'optional'],
        at: 'key',
        message: '`optional` is for one of several feeds: without this one there is nothing to do',
        hint: 'Take it out.',
      });
    }
    const feed = data.feed === undefined ? undefined : resolveFeed(data.feed, ['feed'], context);
    return feed === undefined ? undefined : [feed];
  }
  const entries: readonly unknown[] = Array.isArray(data.feeds) ? data.feeds : [];
  const feeds = entries.map((entry, index) => resolveFeed(entry, ['feeds', index], context));
  entries.forEach((entry, index) => {
    const name = fieldOf(entry, 'name');
    if (entries.findIndex((other) => fieldOf(other, 'name') === name) === index) return;
    report({
      path: ['feeds', index, 'name'],
      message: 'another feed has this name already',
      hint: 'Give each feed a name of its own: reports and the ledger tell them apart by it.',
    });
  });
  const found = feeds.filter((feed) => feed !== undefined);
  if (found.length > 1) for (const [index, feed] of found.entries()) checkAlone(feed, index, report);
  return found.length === feeds.length && found.length > 0 ? found : undefined;
}

/** Files that are taken one after the other are a run each, which several feeds cannot share. */
function checkAlone({ source }: FeedSettings, index: number, report: Report): void {
  if (source.kind !== 'pattern' || source.pick !== 'all') return;
  report({
    path: ['feeds', index, 'path'],
    message: 'all files of a pattern are taken by a job with one feed only',
    hint: 'Say `pick: newest`, or make a job of its own for these deltas.',
  });
}

/** One feed's settings. Reports name fields below `at`. */
function resolveFeed(raw: unknown, at: FieldPath, outer: FeedContext): FeedSettings | undefined {
  const report: Report = (trouble) => outer.report({ ...trouble, path: [...at, ...trouble.path] });
  const context = { ...outer, report };
  const columns = resolveColumns(fieldOf(raw, 'columns'), context);
  const path = sound(FeedFile.shape.path, fieldOf(raw, 'path'));
  checkSource(raw, path, report);
  checkRows(raw, columns, report);
  checkDates(raw, report);
  const passwordColumn = sound(FeedFile.shape.passwordColumn, fieldOf(raw, 'passwordColumn'));
  checkPasswordColumn(passwordColumn, outer.provider, report);
  checkEncoding(sound(FeedFile.shape.encoding, fieldOf(raw, 'encoding')), report);
  const format = resolveFormat(sound(FeedFile.shape.format, fieldOf(raw, 'format')), path, report);
  if (format !== undefined) checkFormatOptions(raw, format, report);
  const { name, ...fields } = isRecord(raw) ? raw : {};
  const file = sound(FeedFile, at[0] === 'feeds' ? fields : raw);
  if (file === undefined || format === undefined) return undefined;
  const source = resolveSource(file, outer.directory);
  const settings: FeedSettings = {
    name: at[0] === 'feeds' && typeof name === 'string' ? name : '',
    path: placeOf(source),
    source,
    delivery: resolveDelivery(file.ready, outer.directory),
    mode: file.mode,
    format,
    encoding: file.encoding,
    delimiter: resolveDelimiter(file.delimiter, file.path ?? ''),
    quote: file.quote,
    escape: file.escape ?? file.quote ?? '"',
    finalNewline: file.finalNewline,
    recordsAt: file.records?.split('.') ?? null,
    sheet: file.sheet ?? null,
    columns,
    passwordColumn: file.passwordColumn ?? null,
    whole: resolveWhole(file.whole, outer.directory),
    where: conditionsOf(file.where),
    outside: file.outside,
    onePerson: onePersonOf(file.onePerson),
    action: actionOf(file.action),
    employment: employmentOf(file.employment),
    dates: datesOf(file.dates),
    limits: limitsOf(file.limits),
    maxAgeMs: file.maxAge === undefined ? null : durationMs(file.maxAge),
    older: file.older,
    afterwards: afterwardsOf(file.whenSettled, outer.directory),
    optional: file.optional,
  };
  refuseReadPasswords(settings, report);
  return settings;
}

function resolveWhole(whole: FeedFile['whole'], directory: string): Wholeness {
  return {
    rows: whole?.rows ?? null,
    manifest: whole?.manifest === undefined ? null : resolve(directory, whole.manifest),
    trailer: whole?.trailer ?? null,
  };
}
