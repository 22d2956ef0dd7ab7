import { closest } from 'fastest-levenshtein';
import { Failure } from '../domain/failure.ts';
import type { Fault, ReaderOptions } from './feed-record.ts';

const shownHeadersMax = 50;
const shownCharactersMax = 80;

/** What the header line says. */
export interface Header {
  /** As they stand in the feed. */
  readonly cells: readonly string[];
  /** Trimmed names, by position. */
  readonly names: readonly string[];
  /** For each used header its position in a record. */
  readonly positions: readonly number[];
  /** True when rollcall's own columns are there: the file is a mended rejects file. */
  readonly partial: boolean;
  /** One sentence for each column that was found under another spelling of its name. */
  readonly warnings: readonly string[];
}

/**
 * Finds the mapped columns in the header line, by their own names or else by a declared other spelling.
 *
 * @throws Failure (exit 1, `FEED_HEADER`) when a mapped column is missing or a name occurs twice
 */
export function readHeader(
  cells: readonly string[],
  options: Pick<ReaderOptions, 'headers' | 'delimiter' | 'headerAliases' | 'passwordColumn' | 'limits'>,
): Header {
  const { headers, headerAliases, limits } = options;
  if (cells.length > limits.columns) throw tooManyColumns(cells.length, limits.columns);
  const trimmed = cells.map((cell) => cell.trim());
  const partial = trimmed.some((name) => name.startsWith('rollcall_'));
  const names = partial ? trimmed.map(withoutApostrophe) : trimmed;
  requireUndamaged(names);
  requirePasswordColumn(names, partial, options);
  const positions = new Map<string, number>();
  for (const [position, name] of names.entries()) {
    if (name === '') continue;
    const earlier = positions.get(name);
    if (earlier !== undefined) throw duplicate(name, earlier + 1, position + 1);
    positions.set(name, position);
  }
  const found = new Map(headers.map((name) => [name, spellingFound(name, positions, headerAliases)]));
  const missing = headers.filter((name) => found.get(name) === undefined);
  if (missing.length > 0) throw wrongDelimiter(missing, names, options) ?? missingColumns(missing, names);
  return {
    cells,
    names,
    partial,
    positions: headers.map((name) => positions.get(found.get(name) ?? name) ?? -1),
    warnings: [...found].flatMap(([name, spelling = name]) =>
      spelling === name ? [] : [`The feed's column "${spelling}" is taken for "${name}".`],
    ),
  };
}

/** Whether a blank follows a delimiter, as it does in prose. */
export function blankAfterDelimiter(cells: readonly string[]): boolean {
  return cells.some((cell, position) => position > 0 && cell.startsWith(' '));
}

/** Whether a row is the header once more. */
export function repeatsHeader(cells: readonly string[], { names }: Header): boolean {
  return cells[0]?.trim() === names[0] && names.every((name, at) => (cells[at] ?? '').trim() === name);
}

export const headerAgain: Fault = {
  code: 'HEADER_AGAIN',
  column: null,
  message: 'The row repeats the header: two files seem to be joined. Take it out if both belong to the feed.',
};

function tooManyColumns(found: number, columnsMax: number): Failure {
  return new Failure({
    code: 'FEED_HEADER',
    exit: 1,
    message: `The feed has ${found} columns; ${columnsMax} are the most (feed.limits.columns).`,
    hint: 'Check feed.delimiter and the first line of the feed.',
  });
}

function requireUndamaged(names: readonly string[]): void {
  const damaged = names.findIndex((name) => name.includes('\ufffd'));
  if (damaged === -1) return;
  throw new Failure({
    code: 'FEED_HEADER',
    exit: 1,
    message: `The name of column ${damaged + 1} holds a replacement character (U+FFFD): the feed was damaged before it came here.`,
    hint: 'Have the feed exported again with an encoding that has all its characters, such as UTF-8.',
  });
}

/** Names nothing that was found: what stands where the header should be may be a row, with a password in it. */
function requirePasswordColumn(
  names: readonly string[],
  partial: boolean,
  { passwordColumn, delimiter }: Pick<ReaderOptions, 'passwordColumn' | 'delimiter'>,
): void {
  if (passwordColumn === null || names.includes(passwordColumn)) return;
  const advice = partial
    ? 'A rejects file holds no passwords: add the column, and fill it for those who are to be created.'
    : 'Correct feed.passwordColumn in the job, or the header of the feed.';
  throw new Failure({
    code: 'FEED_HEADER',
    exit: 1,
    message: `The feed has no column "${passwordColumn}", which feed.passwordColumn names.`,
    hint: delimiterAdvice(otherDelimiter(names, delimiter, [passwordColumn])) ?? advice,
  });
}

/** The name itself where the header has it, else the first of its other spellings that it has. */
function spellingFound(
  name: string,
  positions: ReadonlyMap<string, number>,
  aliases: Readonly<Record<string, readonly string[]>>,
): string | undefined {
  const others = Object.hasOwn(aliases, name) ? (aliases[name] ?? []) : [];
  return [name, ...others].find((spelling) => positions.has(spelling));
}

/** The failure for mapped columns that the feed does not have. */
export function missingColumns(missing: readonly string[], found: readonly string[]): Failure {
  const named = found.filter((name) => name !== '');
  const wanted = missing.map((name) => {
    const near = named.length === 0 ? null : closest(name, named);
    return near === null ? `"${name}"` : `"${name}" (nearest: "${shown(near)}")`;
  });
  const more = named.length > shownHeadersMax ? ` and ${named.length - shownHeadersMax} more` : '';
  const list = named.slice(0, shownHeadersMax).map((name) => `"${shown(name)}"`);
  return new Failure({
    code: 'FEED_HEADER',
    exit: 1,
    message: `The feed has no column ${wanted.join(', ')}. It has: ${list.join(', ')}${more}.`,
    hint: 'Correct feed.columns in the job, or the header of the feed.',
  });
}

/** As the report writes it (`src/report/csv.ts`), with one apostrophe more. */
const neutralised = /^'(?='*(?:[\t\r\n]|[\s\p{Cf}]*[=+\-@＝＋－＠]))/u;

/**
 * Takes off the apostrophe that a rejects file puts before what a spreadsheet would run as a formula. A cell that had
 * one of its own got another, so exactly one goes.
 */
export function withoutApostrophe(cell: string): string {
  return neutralised.test(cell) ? cell.slice(1) : cell;
}

function duplicate(name: string, earlier: number, later: number): Failure {
  return new Failure({
    code: 'FEED_HEADER',
    exit: 1,
    message: `The feed has the column "${shown(name)}" twice: as column ${earlier} and as column ${later}.`,
    hint: 'Rename or remove one of them: nothing says which one counts.',
  });
}

/** The failure for a header that only a wrong delimiter makes lack its columns; null for any other. */
function wrongDelimiter(
  missing: readonly string[],
  names: readonly string[],
  { headers, delimiter }: Pick<ReaderOptions, 'headers' | 'delimiter'>,
): Failure | null {
  const hint = delimiterAdvice(otherDelimiter(names, delimiter, headers));
  if (hint === null) return null;
  const cut = `in ${names.length} ${names.length === 1 ? 'piece' : 'pieces'}`;
  return new Failure({
    code: 'FEED_HEADER',
    exit: 1,
    message: `The feed has no column ${missing.map((name) => `"${name}"`).join(', ')}: ${JSON.stringify(delimiter)} leaves its header ${cut}.`,
    hint,
  });
}

const usualDelimiters = [';', '\t', ',', '|'] as const;

/**
 * The delimiter that a header seems to have been written with, when it is not the one that was taken: with it more of
 * the wanted columns are there, or it stands in a header that is all in one piece.
 */
function otherDelimiter(
  names: readonly string[],
  delimiter: string,
  wanted: readonly string[],
): string | null {
  const others = usualDelimiters.filter((one) => one !== delimiter);
  const foundIn = (pieces: readonly string[]): number =>
    wanted.filter((name) => pieces.includes(name)).length;
  const line = names.join(delimiter);
  const better = others.find((other) => foundIn(line.split(other).map(bare)) > foundIn(names));
  return better ?? (names.length > 1 ? null : (others.find((one) => line.includes(one)) ?? null));
}

/** Without the quotes that are no quotes to a parser with another delimiter. */
function bare(piece: string): string {
  return piece
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .trim();
}

function delimiterAdvice(delimiter: string | null): string | null {
  if (delimiter === null) return null;
  const value = delimiter === '\t' ? 'tab' : JSON.stringify(delimiter);
  return `The header seems to be separated by ${JSON.stringify(delimiter)}: say \`delimiter: ${value}\` (feed.delimiter).`;
}

function shown(name: string): string {
  return name.length > shownCharactersMax ? `${name.slice(0, shownCharactersMax)}…` : name;
}
