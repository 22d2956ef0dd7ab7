import { extname, resolve } from 'node:path';
import type { Column, FeedSettings, Wholeness } from '../domain/settings.ts';
import { sound } from './check-shape.ts';
import { FeedFile } from './job.ts';
import type { Report } from './problem.ts';
import { fieldOf } from './record.ts';
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
};

/** The feed's settings; undefined when its shape is wrong. What is wrong beyond the shape is reported. */
export function resolveFeed(raw: unknown, context: FeedContext): FeedSettings | undefined {
  const { directory, report } = context;
  const columns = resolveColumns(fieldOf(raw, 'columns'), context);
  const path = sound(FeedFile.shape.path, fieldOf(raw, 'path'));
  if (fieldOf(raw, 'mode') === 'delta') {
    report({
      path: ['feed', 'mode'],
      message: 'delta feeds are not supported yet',
      hint: 'Give the full feed, everybody who should exist, with `mode: full`.',
    });
  }
  if (path !== undefined) refusePattern(path, report);
  checkPasswordColumn(
    sound(FeedFile.shape.passwordColumn, fieldOf(raw, 'passwordColumn')),
    path,
    columns,
    context,
  );
  checkEncoding(sound(FeedFile.shape.encoding, fieldOf(raw, 'encoding')), report);
  const format = resolveFormat(sound(FeedFile.shape.format, fieldOf(raw, 'format')), path, report);
  const file = sound(FeedFile, raw);
  if (file === undefined || format === undefined) return undefined;
  return {
    path: file.path === '-' ? '-' : resolve(directory, file.path),
    mode: file.mode,
    format,
    encoding: file.encoding,
    delimiter: resolveDelimiter(file.delimiter, file.path),
    columns,
    passwordColumn: file.passwordColumn ?? null,
    whole: resolveWhole(file.whole, directory),
  };
}

/** A first password goes to the target and nowhere else, so its column cannot be a column like any other. */
function checkPasswordColumn(
  header: string | undefined,
  feedPath: string | undefined,
  columns: readonly Column[],
  { provider, report }: FeedContext,
): void {
  if (header === undefined) return;
  const path = ['feed', 'passwordColumn'];
  if (columns.some(({ from }) => from?.trim() === header.trim())) {
    report({
      path,
      message: 'the column with the passwords is mapped to an attribute too',
      hint: 'Take it out of `columns`: what is mapped there stands in plans, reports and the ledger.',
    });
  }
  if (feedPath === '-') {
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

function refusePattern(path: string, report: Report): void {
  if (!/[*?]/.test(path)) return;
  report({
    path: ['feed', 'path'],
    message: 'a pattern of files is not supported yet',
    hint: 'Name one file.',
  });
}

function checkEncoding(encoding: string | undefined, report: Report): void {
  if (encoding === undefined) return;
  try {
    new TextDecoder(encoding);
  } catch {
    report({
      path: ['feed', 'encoding'],
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
  if (path === undefined) return undefined;
  if (path === '-') return 'csv';
  const found = formats[extname(path).toLowerCase()];
  if (found === undefined) {
    report({
      path: ['feed', 'path'],
      message: "the extension does not tell the feed's format",
      hint: 'Say `format: csv`, `format: json` or `format: ndjson`.',
    });
  }
  return found;
}

function resolveDelimiter(delimiter: string | undefined, path: string): string {
  if (delimiter === undefined) return extname(path).toLowerCase() === '.tsv' ? '\t' : ',';
  return delimiter === 'tab' || delimiter === '\\t' ? '\t' : delimiter;
}

function resolveWhole(whole: FeedFile['whole'], directory: string): Wholeness {
  return {
    rows: whole?.rows ?? null,
    manifest: whole?.manifest === undefined ? null : resolve(directory, whole.manifest),
    trailer: whole?.trailer ?? null,
  };
}
