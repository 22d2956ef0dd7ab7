import type { AttributeRule } from '../contracts/provider.ts';
import type { Cell } from '../domain/person.ts';
import type { Column } from '../domain/settings.ts';
import {
  type CellForm,
  type CellValue,
  cellValue,
  joinedValue,
  textAt,
  type Unfit,
  wordSet,
} from './cell-values.ts';
import type { FeedRecord } from './feed-record.ts';
import { type Status, type StatusReader, statusReader } from './status.ts';
import { transformOf } from './transforms.ts';

/** How one attribute is read from a record, worked out once. */
export interface ColumnPlan {
  readonly column: Column;
  /** What people call it: its header, several of them, or the attribute of a constant. */
  readonly name: string;
  /** Positions among a record's cells; none for a constant. */
  readonly positions: readonly number[];
  /** The first of them, on its own: most columns have one. */
  readonly position: number | null;
  readonly form: CellForm;
  /** Of the column that fills `active`. */
  readonly status: StatusReader | null;
  readonly constant: string;
}

/** @param rule the provider's for the attribute, if it has one */
export function columnPlan(
  column: Column,
  headers: readonly string[],
  { rule, isKey }: { readonly rule: AttributeRule | undefined; readonly isKey: boolean },
): ColumnPlan {
  const { attribute, from, join, split, value, clearWords, transform } = column;
  const positions = from.map((name) => headers.indexOf(name));
  return {
    column,
    name: from.length === 0 ? attribute : from.join(', '),
    positions,
    position: positions.length === 1 ? (positions[0] ?? null) : null,
    form: {
      // A status is read as text, and means more than yes or no.
      rule: attribute === 'active' ? undefined : rule,
      isKey,
      split,
      join,
      clearWords: clearWords.length === 0 ? null : wordSet(clearWords),
      transform: transformOf(transform),
    },
    status: attribute === 'active' ? statusReader(column) : null,
    constant: value ?? '',
  };
}

/** What the record's cells give the attribute. */
export function valueIn({ position, positions, form, constant }: ColumnPlan, record: FeedRecord): CellValue {
  if (position !== null) {
    const unfit = record.unfit?.get(position);
    return unfit === undefined ? cellValue(record.cells[position] ?? '', form) : { unfit };
  }
  if (positions.length === 0) return cellValue(constant, form);
  const cells: Cell[] = [];
  for (const one of positions) {
    const unfit = record.unfit?.get(one);
    if (unfit !== undefined) return { unfit };
    cells.push(record.cells[one] ?? '');
  }
  return joinedValue(cells, form);
}

/** What the record's cells say of the person. */
export function statusIn(plan: ColumnPlan, status: StatusReader, record: FeedRecord): Status | Unfit {
  // Of a status nothing but its words counts, so a simple cell needs no more than its text.
  if (plan.position !== null && plan.form.transform === null) {
    const text = textAt(record, plan.position);
    return typeof text === 'string' ? status(text) : text;
  }
  const value = valueIn(plan, record);
  if (typeof value === 'string') return status(value);
  return value !== null && typeof value === 'object' && 'unfit' in value ? value : status('');
}

/** Whether the record has none of the cells: a JSON object without the name says nothing of the attribute. */
export function isAbsent({ positions }: ColumnPlan, { absent }: FeedRecord): boolean {
  return absent != null && positions.every((position) => absent.has(position));
}
