import type { AttributeRule } from '../contracts/provider.ts';
import { fold } from '../domain/comparison.ts';
import type { Cell } from '../domain/person.ts';
import type { Column } from '../domain/settings.ts';
import type { Value } from '../domain/user.ts';

/** A value, null for an empty cell, or why the cell cannot be taken. */
export type CellValue = Value | null | Unfit;

export interface Unfit {
  readonly unfit: string;
}

// Tabs and line breaks are ordinary in an address; nothing else below a space is ever meant.
const strangeInText = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]|\r(?!\n)|\p{Surrogate}/u;
const strangeInKey = /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u;
const email = /^[^\s@\u0000-\u001f\u007f]+@[^\s@\u0000-\u001f\u007f]+$/;

const yes: ReadonlySet<string> = new Set(['true', '1', 'yes']);
const no: ReadonlySet<string> = new Set(['false', '0', 'no']);

/** True for a reason instead of a value. */
export function isUnfit(value: CellValue | undefined): value is Unfit {
  return typeof value === 'object' && value !== null && 'unfit' in value;
}

/** The value that a cell gives an attribute with this rule; a key holds no tabs or line breaks. */
export function cellValue(
  cell: Cell,
  split: string,
  rule: AttributeRule | undefined,
  isKey: boolean,
): CellValue {
  if (rule?.type === 'set') return setValue(cell, split, rule);
  const text = singleText(cell);
  if (typeof text !== 'string') return text;
  if (text === '') return null;
  if (rule?.type === 'boolean') return booleanValue(text);
  return unfitText(text, rule, isKey) ?? text;
}

/** Whether the person stays: false only by a word that the job declares to mean a leaver. */
export function statusValue(cell: Cell, words: StatusWords): boolean | Unfit {
  const text = singleText(cell);
  if (typeof text !== 'string') return text;
  const word = text.toLowerCase();
  if (word === '') return { unfit: 'is empty, so it does not say whether the person stays.' };
  if (words.leaver.has(word)) return false;
  if (words.active.has(word)) return true;
  return { unfit: 'is a word that the job does not declare. Add it to the words for active or leaver.' };
}

export interface StatusWords {
  readonly active: ReadonlySet<string>;
  readonly leaver: ReadonlySet<string>;
}

/** The status words of the column that fills `active`, ready to be compared without case. */
export function statusWordsOf(column: Column): StatusWords {
  const lower = (words: readonly string[]) => new Set(words.map((word) => word.trim().toLowerCase()));
  return { active: lower(column.activeWords), leaver: lower(column.leaverWords) };
}

function singleText(cell: Cell): string | Unfit {
  if (typeof cell === 'string') return cell.trim();
  if (cell.length > 1) return { unfit: 'holds a list where one value is wanted.' };
  return cell[0]?.trim() ?? '';
}

function booleanValue(text: string): boolean | Unfit {
  const word = text.toLowerCase();
  if (yes.has(word)) return true;
  if (no.has(word)) return false;
  return { unfit: 'is neither true, 1, yes nor false, 0, no.' };
}

function setValue(cell: Cell, split: string, rule: AttributeRule): CellValue {
  const parts = typeof cell !== 'string' ? cell : split === '' ? [cell] : cell.split(split);
  const entries = new Map<string, string>();
  for (const part of parts) {
    const entry = part.trim();
    if (entry === '') continue;
    const unfit = unfitText(entry, rule, false);
    if (unfit !== null) return unfit;
    const folded = fold(entry, rule);
    if (!entries.has(folded)) entries.set(folded, entry);
  }
  return entries.size === 0 ? null : [...entries.values()];
}

function unfitText(text: string, rule: AttributeRule | undefined, isKey: boolean): Unfit | null {
  if (text.includes('\ufffd')) {
    return { unfit: 'holds a replacement character (U+FFFD): the text was damaged before it came here.' };
  }
  if ((isKey ? strangeInKey : strangeInText).test(text)) return { unfit: 'holds a control character.' };
  if (rule?.format === 'email' && !email.test(text)) return { unfit: 'is not an e-mail address.' };
  const charactersMax = rule?.charactersMax;
  if (charactersMax === undefined || text.length <= charactersMax) return null;
  const characters = [...text].length;
  if (characters <= charactersMax) return null;
  return { unfit: `has ${characters} characters; the target takes ${charactersMax} at most.` };
}
