import { extname, resolve } from 'node:path';
import { operations } from '../domain/change.ts';
import type {
  ActionColumn,
  Afterwards,
  Column,
  Condition,
  Delivery,
  Employment,
  FeedDates,
  FeedLimits,
  FeedSettings,
  FeedSource,
  OnePerson,
  Preference,
  Wholeness,
} from '../domain/settings.ts';
import { sound } from './check-shape.ts';
import { FeedFile } from './feed-schema.ts';
import type { FieldPath, Report } from './problem.ts';
import { durationMs, sizeBytes } from './quantity.ts';
import { fieldOf, isRecord, type JsonRecord } from './record.ts';
import { type ColumnsContext, resolveColumns } from './resolve-columns.ts';

export interface FeedContext extends ColumnsContext {
  readonly directory: string;
}

const formats: Readonly<Record<string, FeedSettings['format']>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.txt': 'csv',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.xlsx': 'xlsx',
};

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
    const feed = data.feed === undefined ? undefined : resolveFeed(data.feed, ['feed'], context);
    return feed === undefined ? undefined : [feed];
  }
  const entries: readonly unknown[] = Array.isArray(data.feeds) ? data.feeds : [];
  const feeds = entries.map((entry, index) => resolveFeed(entry, ['feeds', index], context));
  entries.forEach((entry, index) => {
    const name = fieldOf(entry, 'name');
    if (entries.findIndex((other) => fieldOf(other, 'name') === name) === index) return;
    report({ path: ['feeds', index, 'name'], message: 'another feed has this name already' });
  });
  const found = feeds.filter((feed) => feed !== undefined);
  return found.length === feeds.length && found.length > 0 ? found : undefined;
}

/** One feed's settings. Reports name fields below `at`. */
function resolveFeed(raw: unknown, at: FieldPath, outer: FeedContext): FeedSettings | undefined {
  const report: Report = (trouble) => outer.report({ ...trouble, path: [...at, ...trouble.path] });
  const context = { ...outer, report };
  const columns = resolveColumns(fieldOf(raw, 'columns'), context);
  const path = sound(FeedFile.shape.path, fieldOf(raw, 'path'));
  checkSource(raw, path, report);
  checkMeaning(raw, report);
  checkPasswordColumn(
    sound(FeedFile.shape.passwordColumn, fieldOf(raw, 'passwordColumn')),
    path,
    columns,
    context,
  );
  checkEncoding(sound(FeedFile.shape.encoding, fieldOf(raw, 'encoding')), report);
  const format = resolveFormat(sound(FeedFile.shape.format, fieldOf(raw, 'format')), path, report);
  const { name, ...fields } = isRecord(raw) ? raw : {};
  const file = sound(FeedFile, at[0] === 'feeds' ? fields : raw);
  if (file === undefined || format === undefined) return undefined;
  const source = resolveSource(file, outer.directory);
  return {
    name: at[0] === 'feeds' && typeof name === 'string' ? name : '',
    path: nameOf(source),
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
    where: (file.where ?? []).map(conditionOf),
    outside: file.outside,
    onePerson: onePersonOf(file.onePerson),
    action: actionOf(file.action),
    employment: employmentOf(file.employment),
    dates: datesOf(file.dates),
    limits: limitsOf(file.limits),
    maxAgeMs: file.maxAge === undefined ? null : durationMs(file.maxAge),
    afterwards: afterwardsOf(file.whenSettled, outer.directory),
    optional: file.optional,
  };
}

function checkSource(raw: unknown, path: string | undefined, report: Report): void {
  const hasCommand = fieldOf(raw, 'command') !== undefined;
  if (isRecord(raw) && (raw.path === undefined) === !hasCommand) {
    report({
      path: ['path'],
      message: hasCommand ? '`path` and `command` exclude each other' : '`path` is missing',
      hint: 'Name the file of wanted users, or a command that writes it to its standard output.',
    });
  }
  const isFile = path !== undefined && path !== '-';
  if (fieldOf(raw, 'pick') !== undefined && !(isFile && isPattern(path))) {
    report({ path: ['pick'], at: 'key', message: '`pick` chooses among the files of a pattern' });
  }
  for (const field of ['ready', 'maxAge', 'whenSettled']) {
    if (fieldOf(raw, field) === undefined || isFile || (path === undefined && !hasCommand)) continue;
    report({ path: [field], at: 'key', message: `\`${field}\` says something of files only` });
  }
  const full = fieldOf(raw, 'mode') !== 'delta';
  if (full && fieldOf(raw, 'pick') === 'all') {
    report({
      path: ['pick'],
      message: '`all` is for deltas: of full feeds only one speaks of everybody',
      hint: 'Say `pick: newest`, or list the files as `feeds` of their own.',
    });
  }
}

/** Options that mean something in one kind of feed only. */
function checkMeaning(raw: unknown, report: Report): void {
  const delta = fieldOf(raw, 'mode') === 'delta';
  if (!delta && fieldOf(raw, 'action') !== undefined) {
    report({
      path: ['action'],
      at: 'key',
      message: '`action` is for deltas: a full feed says who should exist',
      hint: 'Say `mode: delta`, or take `action` out.',
    });
  }
  if (fieldOf(raw, 'outside') !== undefined && fieldOf(raw, 'where') === undefined) {
    report({ path: ['outside'], at: 'key', message: '`outside` says nothing without `where`' });
  }
  const dates = sound(FeedFile.shape.dates, fieldOf(raw, 'dates'));
  if (dates?.timeZone === undefined || isTimeZone(dates.timeZone)) return;
  report({
    path: ['dates', 'timeZone'],
    message: 'this time zone is not known',
    hint: 'Use a name of the IANA list: Europe/Berlin, America/New_York, UTC.',
  });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A first password goes to the target and nowhere else, so its column cannot be a column like any other. */
function checkPasswordColumn(
  header: string | undefined,
  feedPath: string | undefined,
  columns: readonly Column[],
  { provider, report }: FeedContext,
): void {
  if (header === undefined) return;
  const path = ['passwordColumn'];
  if (columns.some(({ from }) => from.some((name) => name.trim() === header.trim()))) {
    report({
      path,
      message: 'the column with the passwords is mapped to an attribute too',
      hint: 'Take it out of `columns`: what is mapped there stands in plans, reports and the ledger.',
    });
  }
  if (feedPath === '-' || feedPath === undefined) {
    report({
      path,
      message: 'passwords cannot come from standard input: the feed is read a second time for them',
      hint: 'Name a file in `feed.path`.',
    });
  }
  if (provider !== undefined && !provider.supports.initialPassword) {
    report({
      path,
      message: `${provider.title} takes no first passwords`,
      hint: 'Take `passwordColumn` out.',
    });
  }
}

function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

function checkEncoding(encoding: string | undefined, report: Report): void {
  if (encoding === undefined || encoding === 'auto') return;
  try {
    new TextDecoder(encoding);
  } catch {
    report({
      path: ['encoding'],
      message: 'this encoding is not known',
      hint: 'Use a WHATWG label: utf-8, utf-16le, windows-1252, iso-8859-15, shift_jis …',
    });
  }
}

function resolveFormat(
  format: 'auto' | FeedSettings['format'] | undefined,
  path: string | undefined,
  report: Report,
): FeedSettings['format'] | undefined {
  if (format !== 'auto') return format;
  if (path === undefined || path === '-') return 'csv';
  const found = formats[extensionOf(path)];
  if (found === undefined) {
    report({
      path: ['path'],
      message: "the extension does not tell the feed's format",
      hint: 'Say `format: csv`, `format: json`, `format: ndjson` or `format: xlsx`.',
    });
  }
  return found;
}

/** The extension below a `.gz`. */
function extensionOf(path: string): string {
  return extname(path.replace(/\.gz$/i, '')).toLowerCase();
}

function resolveDelimiter(delimiter: string | undefined, path: string): string {
  if (delimiter === undefined) return extensionOf(path) === '.tsv' ? '\t' : ',';
  return delimiter === 'tab' || delimiter === '\\t' ? '\t' : delimiter;
}

function resolveSource(file: FeedFile, directory: string): FeedSource {
  if (file.command !== undefined) {
    const timeoutMs = durationMs(file.commandTimeout ?? '10m');
    return { kind: 'command', command: file.command, directory, timeoutMs };
  }
  if (file.path === undefined || file.path === '-') return { kind: 'stdin' };
  const path = resolve(directory, file.path);
  const pick = file.pick ?? (file.mode === 'delta' ? 'all' : 'newest');
  return isPattern(file.path) ? { kind: 'pattern', pattern: path, pick } : { kind: 'file', path };
}

function nameOf(source: FeedSource): string {
  switch (source.kind) {
    case 'file':
      return source.path;
    case 'pattern':
      return source.pattern;
    case 'stdin':
      return '-';
    case 'command':
      // Arguments may hold what no report should.
      return source.command[0] ?? '';
  }
}

function resolveDelivery(ready: FeedFile['ready'], directory: string): Delivery {
  return {
    marker: ready?.marker === undefined ? null : markerOf(ready.marker, directory),
    stableMs: durationMs(ready?.stable ?? '0s'),
    waitMs: durationMs(ready?.wait ?? '0s'),
  };
}

/** `*` stands for the feed's path, which is absolute already. */
function markerOf(marker: string, directory: string): string {
  return marker.startsWith('*') ? marker : resolve(directory, marker);
}

function resolveWhole(whole: FeedFile['whole'], directory: string): Wholeness {
  return {
    rows: whole?.rows ?? null,
    manifest: whole?.manifest === undefined ? null : resolve(directory, whole.manifest),
    trailer: whole?.trailer ?? null,
  };
}

type Words = string | number | boolean | readonly (string | number | boolean)[] | undefined;

function wordsOf(words: Words): readonly string[] | null {
  if (words === undefined) return null;
  const list = typeof words === 'object' ? words : [words];
  return list.map((word) => String(word).trim().toLowerCase());
}

function conditionOf(entry: NonNullable<FeedFile['where']>[number]): Condition {
  return {
    column: entry.column,
    is: wordsOf(entry.is),
    isNot: wordsOf(entry.isNot),
    like: wordsOf(entry.like),
    empty: entry.empty ?? null,
  };
}

function onePersonOf(file: FeedFile['onePerson']): OnePerson | null {
  if (file === undefined) return null;
  return file === 'fold' ? { kind: 'fold' } : { kind: 'prefer', rules: file.prefer.map(preferenceOf) };
}

/** `Status = Active`, or `latest Effective Date`. */
function preferenceOf(text: string): Preference {
  const ranked = /^(latest|earliest|highest|lowest)\s+(.+)$/u.exec(text.trim());
  const [, kind, column = ''] = ranked ?? [];
  if (kind === 'latest' || kind === 'earliest' || kind === 'highest' || kind === 'lowest')
    return { kind, column: column.trim() };
  const [name = '', ...word] = text.split('=');
  return { kind: 'is', column: name.trim(), word: word.join('=').trim().toLowerCase() };
}

function actionOf(file: FeedFile['action']): ActionColumn | null {
  if (file === undefined) return null;
  const words = Object.fromEntries(
    operations.map((operation) => [
      operation,
      wordsOf(file.words?.[operation]) ?? defaultWords(file, operation),
    ]),
  ) as ActionColumn['words'];
  return { column: file.column, words, several: file.several, unlinked: file.unlinked };
}

/** Once a job names words of its own, only those count. */
function defaultWords(file: NonNullable<FeedFile['action']>, operation: string): readonly string[] {
  return file.words === undefined ? [operation] : [];
}

function employmentOf(file: FeedFile['employment']): Employment {
  const { start, end } = file ?? {};
  return {
    start:
      start === undefined
        ? null
        : typeof start === 'string'
          ? { column: start, leadDays: 0 }
          : { column: start.column, leadDays: start.leadDays },
    end:
      end === undefined
        ? null
        : typeof end === 'string'
          ? { column: end, inclusive: true }
          : { column: end.column, inclusive: end.inclusive },
  };
}

function datesOf(file: FeedFile['dates']): FeedDates {
  const format = file?.format ?? 'yyyy-MM-dd';
  return {
    formats: typeof format === 'string' ? [format] : format,
    timeZone: file?.timeZone ?? 'UTC',
    timeZoneColumn: file?.timeZoneColumn ?? null,
  };
}

/** The bounds that hold where the job names none. */
export const defaultFeedLimits: FeedLimits = {
  fileBytes: 4 * 1024 ** 3,
  recordBytes: 1024 ** 2,
  fieldBytes: 64 * 1024,
  columns: 1000,
  jsonDepth: 64,
  gzipRatio: 100,
};

function limitsOf(file: FeedFile['limits']): FeedLimits {
  const size = (text: string | undefined, most: number) => (text === undefined ? most : sizeBytes(text));
  return {
    fileBytes: size(file?.file, defaultFeedLimits.fileBytes),
    recordBytes: Math.min(size(file?.record, defaultFeedLimits.recordBytes), defaultFeedLimits.recordBytes),
    fieldBytes: size(file?.field, defaultFeedLimits.fieldBytes),
    columns: file?.columns ?? defaultFeedLimits.columns,
    jsonDepth: file?.jsonDepth ?? defaultFeedLimits.jsonDepth,
    gzipRatio: file?.gzipRatio ?? defaultFeedLimits.gzipRatio,
  };
}

function afterwardsOf(file: FeedFile['whenSettled'], directory: string): Afterwards {
  return typeof file === 'string'
    ? { kind: file }
    : { kind: 'archive', directory: resolve(directory, file.archive) };
}
