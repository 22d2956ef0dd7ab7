import { extname } from 'node:path';
import type { FeedSettings } from '../domain/settings.ts';
import type { Report } from './problem.ts';
import { fieldOf } from './record.ts';

const formats: Readonly<Record<string, FeedSettings['format']>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.txt': 'csv',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.xlsx': 'xlsx',
};

/** Reports an encoding that no decoder knows. */
export function checkEncoding(encoding: string | undefined, report: Report): void {
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

/** Options that mean something in some formats only. */
const formatOptions: Readonly<Record<string, readonly FeedSettings['format'][]>> = {
  delimiter: ['csv'],
  quote: ['csv'],
  escape: ['csv'],
  finalNewline: ['csv'],
  records: ['json'],
  sheet: ['xlsx'],
};

/** Reports options that say nothing in this format, and characters that would be two things at once. */
export function checkFormatOptions(raw: unknown, format: FeedSettings['format'], report: Report): void {
  for (const [option, meant] of Object.entries(formatOptions)) {
    if (fieldOf(raw, option) === undefined || meant.includes(format)) continue;
    report({
      path: [option],
      at: 'key',
      message: `\`${option}\` says nothing of a feed in ${format}`,
      hint: `It is for ${meant.join(', ')}. Take it out, or correct \`format\`.`,
    });
  }
  const delimiter = fieldOf(raw, 'delimiter');
  for (const option of ['quote', 'escape']) {
    const character = fieldOf(raw, option);
    if (typeof character !== 'string' || character !== delimiter) continue;
    report({
      path: [option],
      message: `\`${option}\` is the delimiter too`,
      hint: 'Give each of them a character of its own.',
    });
  }
}

/** The format; where the job says `auto`, by the extension, and reported where that tells nothing. */
export function resolveFormat(
  format: 'auto' | FeedSettings['format'] | undefined,
  path: string | undefined,
  report: Report,
): FeedSettings['format'] | undefined {
  if (format !== 'auto') return format;
  if (path === undefined || path === '-') return 'csv';
  const found = formatOfPath(path);
  if (found === undefined) {
    report({
      path: ['path'],
      message: "the extension does not tell the feed's format",
      hint: 'Say `format: csv`, `format: json`, `format: ndjson` or `format: xlsx`.',
    });
  }
  return found;
}

/** The format that a file's extension tells; undefined when it tells none. */
export function formatOfPath(path: string): FeedSettings['format'] | undefined {
  return formats[extensionOf(path)];
}

/** The extension below a `.gz`. */
export function extensionOf(path: string): string {
  return extname(path.replace(/\.gz$/i, '')).toLowerCase();
}

/** A comma, unless the job or the extension says otherwise. */
export function resolveDelimiter(delimiter: string | undefined, path: string): string {
  if (delimiter === undefined) return extensionOf(path) === '.tsv' ? '\t' : ',';
  return delimiter === 'tab' || delimiter === '\\t' ? '\t' : delimiter;
}
