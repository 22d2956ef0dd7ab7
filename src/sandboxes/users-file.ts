import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { parse as parseCsv } from 'csv-parse';
import { Failure } from '../domain/failure.ts';
import { fileFailure, systemReason } from './file-failure.ts';
import { readLines } from './read-lines.ts';

export interface UsersFile {
  readonly path: string;
  readonly entries: AsyncIterable<UsersEntry>;
  /** What a JSON object holds beside `users`. */
  readonly rest: Readonly<Record<string, unknown>>;
}

export interface UsersEntry {
  /** Where in the file, for messages: `line 4`, `users[3]`. */
  readonly where: string;
  readonly value: unknown;
}

const what = 'users file';

/**
 * The users that a sandbox starts with, from `.json` (an array, or an object with `users`), `.ndjson` or
 * `.jsonl`, or `.csv` in the vendor's format for users.
 * @param csvColumns the vendor's header by the attribute it becomes
 */
export async function openUsersFile(
  path: string,
  csvColumns: Readonly<Record<string, string>>,
): Promise<UsersFile> {
  switch (extname(path).toLowerCase()) {
    case '.json':
      return openJson(path);
    case '.ndjson':
    case '.jsonl':
      return { path, entries: explained(path, ndjsonEntries(path)), rest: {} };
    case '.csv':
      return { path, entries: explained(path, csvEntries(path, csvColumns)), rest: {} };
    default:
      throw fileFailure(what, path, 'its name ends in none of .json, .ndjson, .jsonl and .csv', {
        hint: 'Rename the file after its format.',
      });
  }
}

async function openJson(path: string): Promise<UsersFile> {
  const document = parseDocument(path, await readText(path));
  if (Array.isArray(document)) {
    return { path, entries: arrayEntries(document), rest: {} };
  }
  if (document !== null && typeof document === 'object' && 'users' in document) {
    const { users, ...rest } = document;
    if (Array.isArray(users)) {
      return { path, entries: arrayEntries(users), rest };
    }
  }
  throw fileFailure(what, path, 'it is neither a JSON array nor an object with an array "users"');
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fileFailure(what, path, systemReason(error), { cause: error });
  }
}

function parseDocument(path: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw fileFailure(what, path, 'it is not JSON', {
      hint: 'One JSON object per line goes into a file whose name ends in .ndjson.',
      cause: error,
    });
  }
}

async function* arrayEntries(users: readonly unknown[]): AsyncGenerator<UsersEntry> {
  for (const [index, value] of users.entries()) {
    yield { where: `users[${index}]`, value };
  }
}

async function* ndjsonEntries(path: string): AsyncGenerator<UsersEntry> {
  for await (const { number, text } of readLines(path)) {
    if (text.trim() === '') {
      continue;
    }
    const where = `line ${number}`;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw fileFailure(what, path, `${where} is not JSON`, { cause: error });
    }
    yield { where, value };
  }
}

async function* csvEntries(
  path: string,
  columns: Readonly<Record<string, string>>,
): AsyncGenerator<UsersEntry> {
  const attributes = new Map(
    Object.entries(columns).map(([attribute, header]) => [header.toLowerCase(), attribute]),
  );
  const parser = parseCsv({
    bom: true,
    skip_empty_lines: true,
    info: true,
    max_record_size: 65_536,
    columns: (headers: string[]) => headers.map((header) => attributes.get(header.trim().toLowerCase())),
  });
  const source = createReadStream(path).on('error', (error) => parser.destroy(error));
  let first = true;
  for await (const { record, info } of source.pipe(parser) as AsyncIterable<CsvRecord>) {
    if (first) {
      requireColumns(path, record, columns);
      first = false;
    }
    yield { where: `line ${info.lines}`, value: record };
  }
}

interface CsvRecord {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

function requireColumns(
  path: string,
  record: Readonly<Record<string, string>>,
  columns: Readonly<Record<string, string>>,
): void {
  const missing = Object.entries(columns).filter(([attribute]) => !(attribute in record));
  if (missing.length > 0) {
    const names = missing.map(([, header]) => header).join(', ');
    throw fileFailure(what, path, `the header lacks ${names}`, {
      hint: `The vendor's header is: ${Object.values(columns).join(',')}`,
    });
  }
}

/** Turns what reading the file throws into a failure that names it. */
async function* explained(path: string, entries: AsyncIterable<UsersEntry>): AsyncGenerator<UsersEntry> {
  try {
    yield* entries;
  } catch (error) {
    if (error instanceof Failure) {
      throw error;
    }
    const malformed = error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_');
    throw fileFailure(what, path, malformed ? 'it is not well-formed CSV' : systemReason(error), {
      cause: error,
    });
  }
}
