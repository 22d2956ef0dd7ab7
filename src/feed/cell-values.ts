import type { AttributeRule } from '../contracts/provider.ts';
import { fold } from '../domain/comparison.ts';
import type { Cell } from '../domain/person.ts';
import type { Value } from '../domain/user.ts';
import type { Fault, FeedRecord } from './feed-record.ts';
import type { TextTransform } from './transforms.ts';

export interface Unfit {
  readonly unfit: string;
}

/** What a word that the job declares for it says of an attribute: it shall have no value. */
export const clearing: unique symbol = Symbol('clearing');

/** A value, null for an empty cell, the explicit "nothing", or why the cell cannot be taken. */
export type CellValue = Value | null | typeof clearing | Unfit;

/** What a column's cells have to become. */
export interface CellForm {
  readonly rule: AttributeRule | undefined;
  /** A key holds no tabs or line breaks. */
  readonly isKey: boolean;
  readonly split: string;
  readonly join: string;
  /** Folded; null when there are none. */
  readonly clearWords: ReadonlySet<string> | null;
  readonly transform: TextTransform | null;
}

// Tabs and line breaks are ordinary in an address; nothing else below a space is ever meant.
const strangeInText = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]|\r(?!\n)|\p{Surrogate}/u;
const strangeInKey = /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u;
const email = /^[^\s@\u0000-\u001f\u007f]+@[^\s@\u0000-\u001f\u007f]+$/;

const yes: ReadonlySet<string> = new Set(['true', '1', 'yes', 'y']);
const no: ReadonlySet<string> = new Set(['false', '0', 'no', 'n']);

/** True for a reason instead of a value. */
export function isUnfit(value: CellValue | Fault | undefined): value is Unfit {
  return typeof value === 'object' && value !== null && 'unfit' in value;
}

/** The fault of a row with such a cell. */
export function badValue(column: string, { unfit }: Unfit): Fault {
  return { code: 'BAD_VALUE', column, message: `The cell ${unfit}` };
}

/** The form in which the job's words and a cell's text are compared. */
export function wordOf(text: string): string {
  return fold(text.trim(), undefined);
}

/** The job's words, ready to be compared. */
export function wordSet(words: readonly string[]): ReadonlySet<string> {
  return new Set(words.map(wordOf));
}

/** The trimmed text of the cell at a position, or why it has none. */
export function textAt(record: FeedRecord, position: number): string | Unfit {
  const unfit = record.unfit?.get(position);
  return unfit === undefined ? singleText(record.cells[position] ?? '') : { unfit };
}

/** The value that one cell gives an attribute. */
export function cellValue(cell: Cell, form: CellForm): CellValue {
  if (form.rule?.type === 'set') return setValue([cell], form);
  const text = singleText(cell);
  if (typeof text !== 'string') return text;
  if (text === '') return null;
  if (form.clearWords?.has(wordOf(text)) === true) return clearing;
  return textValue(text, form);
}

/** The value that several cells give one attribute: the entries of all of them, or their texts joined. */
export function joinedValue(cells: readonly Cell[], form: CellForm): CellValue {
  if (form.rule?.type === 'set') return setValue(cells, form);
  const texts: string[] = [];
  let clears = false;
  for (const cell of cells) {
    const text = singleText(cell);
    if (typeof text !== 'string') return text;
    if (text === '') continue;
    if (form.clearWords?.has(wordOf(text)) === true) clears = true;
    else texts.push(text);
  }
  if (texts.length === 0) return clears ? clearing : null;
  return textValue(texts.join(form.join), form);
}

function textValue(given: string, { transform, rule, isKey }: CellForm): CellValue {
  const text = transform === null ? given : transform(given);
  if (typeof text !== 'string') return text;
  if (text === '') return null;
  if (rule?.type === 'boolean') return booleanValue(text);
  return unfitText(text, rule, isKey) ?? text;
}

function singleText(cell: Cell): string | Unfit {
  if (typeof cell === 'string') return trimmed(cell);
  if (cell.length > 1) return { unfit: 'holds a list where one value is wanted.' };
  return trimmed(cell[0] ?? '');
}

/** Without the white space around it; vertical tabs and form feeds count as such, and stand for damage. */
function trimmed(text: string): string | Unfit {
  const inner = text.trim();
  if (inner.length !== text.length && /[\v\f]/.test(text)) return { unfit: 'holds a control character.' };
  return inner;
}

function booleanValue(text: string): boolean | Unfit {
  const word = text.toLowerCase();
  if (yes.has(word)) return true;
  if (no.has(word)) return false;
  return {
    unfit:
      'is neither true, 1, yes, y nor false, 0, no, n. ' +
      'Declare the word by `transform: { map: { WORD: yes } }` in the job.',
  };
}

function setValue(cells: readonly Cell[], form: CellForm): CellValue {
  const { rule, split, clearWords, transform } = form;
  const entries = new Map<string, string>();
  let clears = false;
  for (const part of cells.length === 1 ? partsOf(cells[0] ?? '', split) : cells.flatMap(partsBy(split))) {
    const given = part.trim();
    if (given === '') continue;
    if (clearWords?.has(wordOf(given)) === true) {
      clears = true;
      continue;
    }
    const entry = transform === null ? given : transform(given);
    if (typeof entry !== 'string') return entry;
    if (entry === '') continue;
    const unfit = unfitText(entry, rule, false);
    if (unfit !== null) return unfit;
    const folded = fold(entry, rule);
    if (!entries.has(folded)) entries.set(folded, entry);
  }
  if (entries.size > 0) return [...entries.values()];
  return clears ? clearing : null;
}

function partsBy(split: string): (cell: Cell) => readonly string[] {
  return (cell) => partsOf(cell, split);
}

function partsOf(cell: Cell, split: string): readonly string[] {
  if (typeof cell !== 'string') return cell;
  return split === '' ? [cell] : cell.split(split);
}

function unfitText(text: string, rule: AttributeRule | undefined, isKey: boolean): Unfit | null {
  if (text.includes('\ufffd')) return damaged;
  if ((isKey ? strangeInKey : strangeInText).test(text)) return { unfit: 'holds a control character.' };
  if (rule?.format === 'email' && !email.test(text)) return { unfit: 'is not an e-mail address.' };
  const charactersMax = rule?.charactersMax;
  if (charactersMax === undefined || text.length <= charactersMax) return null;
  const characters = [...text].length;
  if (characters <= charactersMax) return null;
  return { unfit: `has ${characters} characters; the target takes ${charactersMax} at most.` };
}

/** Why a text with U+FFFD is worth nothing. */
export const damaged: Unfit = {
  unfit: 'holds a replacement character (U+FFFD): the text was damaged before it came here.',
};
