import type { AttributeRule } from '../contracts/provider.ts';
import { matchKeyOf } from '../domain/comparison.ts';
import type { Person, QuarantinedRow, Row } from '../domain/person.ts';
import type { Column, FeedSettings } from '../domain/settings.ts';
import type { Value } from '../domain/user.ts';
import {
  type CellValue,
  cellValue,
  isUnfit,
  type StatusWords,
  statusValue,
  statusWordsOf,
} from './cell-values.ts';
import type { Fault, FeedRecord } from './feed-record.ts';

/** How people are found again, and how the target takes and compares attributes. */
export interface FeedKeys {
  /** The job's match attributes, by SCIM name. */
  readonly match: readonly string[];
  /** The provider's attribute rules. */
  readonly rules: Readonly<Record<string, AttributeRule>>;
  /** Other spellings of CSV headers that count, by the one that the job names. */
  readonly headerAliases?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** What a column does to a person, worked out once. */
interface Plan {
  readonly column: Column;
  /** What people call the column: its header, or the attribute of a constant. */
  readonly name: string;
  /** Position among a record's cells; null for a constant. */
  readonly position: number | null;
  readonly rule: AttributeRule | undefined;
  readonly isKey: boolean;
  readonly statusWords: StatusWords | null;
  readonly constant: CellValue;
}

/** What has been gathered of one person so far. */
interface Draft {
  readonly attributes: Record<string, Value | null>;
  active: boolean;
  /** Spelt as in the feed, trimmed; null when missing or not sound. */
  lastingId: string | null;
  /** The first cell that cannot be taken, and the first key that is empty. */
  fault: Fault | null;
  missing: Fault | null;
}

/** Turns records into people, or sets them aside. */
export class RecordMapper {
  readonly #plans: readonly Plan[];
  readonly #keys: FeedKeys;
  /** True when a column gives the lasting id. */
  readonly #hasLastingId: boolean;
  readonly #keepsLastingId: boolean;

  constructor({ columns }: FeedSettings, headers: readonly string[], keys: FeedKeys) {
    this.#keys = keys;
    this.#plans = columns.map((column) => planOf(column, headers, keys));
    this.#hasLastingId = columns.some((column) => column.attribute === 'externalId');
    this.#keepsLastingId = Object.hasOwn(keys.rules, 'externalId');
  }

  /** The person, or the row that is set aside; the two are told apart by `code`. */
  map(record: FeedRecord): Person | QuarantinedRow {
    const row: Row = { line: record.line, cells: record.cells };
    if (record.fault !== null) return { row, ...record.fault, linkKey: null, matchKey: null };
    const draft = this.#draft(record);
    const matchKey = this.#matchKey(draft);
    const linkKey = this.#hasLastingId ? (draft.lastingId?.normalize('NFC') ?? null) : matchKey;
    const fault = draft.missing ?? draft.fault;
    if (fault !== null) return { row, ...fault, linkKey, matchKey };
    if (linkKey === null || matchKey === null) {
      // Only a match attribute that no column fills gets here.
      return { row, ...missingKey(this.#keys.match.join(', ')), linkKey, matchKey };
    }
    return {
      rows: [row],
      key: draft.lastingId ?? this.#matchText(draft),
      linkKey,
      matchKey,
      active: draft.active,
      attributes: draft.attributes,
    };
  }

  #draft(record: FeedRecord): Draft {
    const draft: Draft = { attributes: {}, active: true, lastingId: null, fault: null, missing: null };
    for (const plan of this.#plans) {
      const value = valueIn(plan, record);
      if (isUnfit(value)) {
        draft.fault ??= { code: 'BAD_VALUE', column: plan.name, message: `The cell ${value.unfit}` };
      } else if (plan.statusWords !== null) {
        draft.active = value !== false;
      } else if (value === null) {
        noteEmpty(plan, draft);
      } else {
        this.#noteValue(plan, value, draft);
      }
    }
    return draft;
  }

  #noteValue({ column: { attribute } }: Plan, value: Value, draft: Draft): void {
    if (attribute === 'externalId' && typeof value === 'string') draft.lastingId = value;
    if (attribute !== 'externalId' || this.#keepsLastingId) draft.attributes[attribute] = value;
  }

  #matchKey(draft: Draft): string | null {
    const { match, rules } = this.#keys;
    // The lasting id can be matched by even where the target has no attribute for it.
    const byLastingId = match.includes('externalId') && draft.lastingId !== null;
    const attributes = byLastingId ? { ...draft.attributes, externalId: draft.lastingId } : draft.attributes;
    return matchKeyOf(attributes, match, rules);
  }

  #matchText(draft: Draft): string {
    return this.#keys.match.map((name) => String(draft.attributes[name] ?? '')).join(' ');
  }
}

function planOf(column: Column, headers: readonly string[], keys: FeedKeys): Plan {
  const { attribute, from, value } = column;
  const rule = Object.hasOwn(keys.rules, attribute) ? keys.rules[attribute] : undefined;
  const isKey = attribute === 'externalId' || keys.match.includes(attribute);
  const statusWords = attribute === 'active' ? statusWordsOf(column) : null;
  const [first] = from;
  const position = first === undefined ? null : headers.indexOf(first);
  const plan = { column, rule, isKey, statusWords, position, name: first ?? attribute };
  return { ...plan, constant: value === null ? null : read(plan, value) };
}

function valueIn(plan: Plan, record: FeedRecord): CellValue {
  if (plan.position === null) return plan.constant;
  const unfit = record.unfit?.get(plan.position);
  if (unfit !== undefined) return { unfit };
  return read(plan, record.cells[plan.position] ?? '');
}

function read(plan: Omit<Plan, 'constant'>, cell: string | readonly string[]): CellValue {
  if (plan.statusWords !== null) return statusValue(cell, plan.statusWords);
  return cellValue(cell, plan.column.split, plan.rule, plan.isKey);
}

function noteEmpty(plan: Plan, draft: Draft): void {
  const { column, name } = plan;
  if (plan.isKey) {
    draft.missing ??= missingKey(name);
  } else if (column.empty === 'clear') {
    draft.attributes[column.attribute] = null;
  } else if (column.empty === 'reject') {
    draft.fault ??= {
      code: 'EMPTY_REJECTED',
      column: name,
      message: 'The cell is empty, and the job rejects rows in which it is.',
    };
  }
}

function missingKey(column: string): Fault {
  return {
    code: 'MISSING_KEY',
    column,
    message: 'The cell is empty, so nothing says who the row is about.',
  };
}
