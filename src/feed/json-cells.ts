import type { Cell } from '../domain/person.ts';
import { missingColumns } from './header.ts';
import { NumberText } from './strict-json.ts';

const namesMax = 200;

type JsonObject = Readonly<Record<string, unknown>>;

/** The cells of one record, and the positions of those that hold what no attribute can take. */
export interface JsonCells {
  readonly cells: readonly Cell[];
  readonly unfit: ReadonlyMap<number, string> | null;
  /** Positions of the names that the record does not have; null when it has all. */
  readonly absent: ReadonlySet<number> | null;
}

/** True for a JSON object; false for arrays, null and scalars. */
export function isJsonObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText)
  );
}

/** Reads the mapped names of JSON records, and remembers which of them ever occurred. */
export class JsonCellReader {
  readonly #columns: readonly { readonly name: string; readonly path: readonly string[] }[];
  readonly #seen: boolean[];
  readonly #names = new Set<string>();

  constructor(headers: readonly string[]) {
    this.#columns = headers.map((name) => ({ name, path: name.split('.') }));
    this.#seen = headers.map(() => false);
  }

  /** The names found so far, those inside objects as dotted paths; at most some hundreds. */
  get names(): readonly string[] {
    return [...this.#names];
  }

  cellsOf(record: JsonObject): JsonCells {
    if (this.#names.size < namesMax) this.#noteNames(record);
    let unfit: Map<number, string> | null = null;
    let absent: Set<number> | null = null;
    const cells = this.#columns.map(({ name, path }, position) => {
      const found = valueAt(record, name, path);
      if (found === undefined) {
        absent ??= new Set();
        absent.add(position);
        return '';
      }
      this.#seen[position] = true;
      const cell = toCell(found);
      if (typeof cell !== 'object' || !('unfit' in cell)) return cell;
      unfit ??= new Map();
      unfit.set(position, cell.unfit);
      return '';
    });
    return { cells, unfit, absent };
  }

  /** @throws Failure (exit 1, `FEED_HEADER`) when a mapped name was in none of the records */
  checkNames(): void {
    const missing = this.#columns
      .filter((_, position) => this.#seen[position] !== true)
      .map(({ name }) => name);
    if (missing.length > 0) throw missingColumns(missing, this.names);
  }

  #noteNames(record: JsonObject): void {
    for (const [name, value] of Object.entries(record)) {
      if (this.#names.size >= namesMax) return;
      if (isJsonObject(value)) for (const inner of Object.keys(value)) this.#names.add(`${name}.${inner}`);
      else this.#names.add(name);
    }
  }
}

/** The texts of a record's values, by which a trailer record is told. */
export function scalarTexts(record: JsonObject): string[] {
  return Object.values(record).map((value) =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : numberText(value),
  );
}

function valueAt(record: JsonObject, name: string, path: readonly string[]): unknown {
  if (Object.hasOwn(record, name)) return record[name];
  if (path.length === 1) return undefined;
  let inner: unknown = record;
  for (const step of path) {
    if (!isJsonObject(inner) || !Object.hasOwn(inner, step)) return undefined;
    inner = inner[step];
  }
  return inner;
}

function toCell(value: unknown): Cell | { readonly unfit: string } {
  if (!Array.isArray(value)) return scalar(value);
  const entries: string[] = [];
  for (const entry of value) {
    const text = scalar(entry);
    if (typeof text !== 'string') return text;
    entries.push(text);
  }
  return entries;
}

function scalar(value: unknown): string | { readonly unfit: string } {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (typeof value === 'boolean') return String(value);
  if (value instanceof NumberText) return longNumber(value.text);
  if (typeof value !== 'number') {
    return {
      unfit: 'holds an object or a nested list. Name the inner value with a dot, as in "name.first".',
    };
  }
  // Whoever wrote such a number may have lost digits: two people's numbers could become one.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return tooManyDigits;
  return String(value);
}

const tooManyDigits = {
  unfit: 'holds a number with more digits than can be kept. Write it as text, in quotes.',
};

/** The text of a number such as 1.10 is kept; what has no plain text that everybody would write is not guessed. */
function longNumber(text: string): string | { readonly unfit: string } {
  if (/e/i.test(text)) return { unfit: 'holds a number with an exponent. Write it as text, in quotes.' };
  const digits = text.replace(/^-/, '').replace('.', '').replace(/^0+/, '');
  return digits.length > 15 ? tooManyDigits : text;
}

function numberText(value: unknown): string {
  return value instanceof NumberText ? value.text : '';
}
