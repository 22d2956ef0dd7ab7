import type { AttributeRule } from '../contracts/provider.ts';
import { matchKeyOf } from '../domain/comparison.ts';
import type { ExcludedRow, Person, QuarantinedRow, Row } from '../domain/person.ts';
import type { FeedSettings } from '../domain/settings.ts';
import type { Value } from '../domain/user.ts';
import { badValue, clearing, isUnfit } from './cell-values.ts';
import { type ColumnPlan, columnPlan, isAbsent, statusIn, valueIn } from './column-plan.ts';
import { type RowJudge, rowJudge } from './conditions.ts';
import { type EmploymentJudge, employmentJudge } from './employment.ts';
import { FeedDateReader } from './feed-dates.ts';
import type { Fault, FeedRecord } from './feed-record.ts';
import { type Ranker, rankerOf } from './rank.ts';
import { type ActionReader, actionReader } from './row-action.ts';

/** How people are found again, and how the target takes and compares attributes. */
export interface FeedKeys {
  /** The job's match attributes, by SCIM name. */
  readonly match: readonly string[];
  /** The provider's attribute rules. */
  readonly rules: Readonly<Record<string, AttributeRule>>;
  /** Other spellings of CSV headers that count, by the one that the job names. */
  readonly headerAliases?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** A row in exactly one of three shapes: `code` tells a quarantined one, `reason` an excluded one. */
export type MappedRow = Person | QuarantinedRow | ExcludedRow;

/** What has been gathered of one person so far. */
interface Draft {
  readonly attributes: Record<string, Value | null>;
  active: boolean;
  onLeave: boolean;
  /** Spelt as in the feed, trimmed; null when missing or not sound. */
  lastingId: string | null;
  /** The first cell that cannot be taken, and the first key that is empty. */
  fault: Fault | null;
  missing: Fault | null;
}

interface Identity {
  readonly linkKey: string | null;
  readonly matchKey: string | null;
}

interface WholeIdentity extends Identity {
  readonly linkKey: string;
  readonly matchKey: string;
}

/** Turns records into people, excludes them, or sets them aside. */
export class RecordMapper {
  readonly #plans: readonly ColumnPlan[];
  /** Those of them that say who the person is. */
  readonly #keyPlans: readonly ColumnPlan[];
  readonly #keys: FeedKeys;
  /** True when a column gives the lasting id. */
  readonly #hasLastingId: boolean;
  readonly #keepsLastingId: boolean;
  readonly #outsideLeaves: boolean;
  readonly #isInside: RowJudge | null;
  readonly #actionOf: ActionReader | null;
  readonly #employment: EmploymentJudge | null;
  readonly #rank: Ranker | null;

  /** @param asOf the moment that employment dates are compared with, ISO 8601 */
  constructor(settings: FeedSettings, headers: readonly string[], keys: FeedKeys, asOf: string) {
    const { columns, where, outside, action, employment, onePerson } = settings;
    this.#keys = keys;
    this.#plans = columns.map((column) => {
      const { attribute } = column;
      const rule = Object.hasOwn(keys.rules, attribute) ? keys.rules[attribute] : undefined;
      const isKey = attribute === 'externalId' || keys.match.includes(attribute);
      return columnPlan(column, headers, { rule, isKey });
    });
    this.#keyPlans = this.#plans.filter(({ form }) => form.isKey);
    this.#hasLastingId = columns.some((column) => column.attribute === 'externalId');
    this.#keepsLastingId = Object.hasOwn(keys.rules, 'externalId');
    const dates = new FeedDateReader(settings.dates, headers, asOf);
    this.#outsideLeaves = outside === 'leaver';
    this.#isInside = rowJudge(where, headers);
    this.#actionOf = actionReader(action, headers);
    this.#employment = employmentJudge(employment, headers, dates);
    this.#rank = onePerson?.kind === 'prefer' ? rankerOf(onePerson.rules, headers, dates) : null;
  }

  map(record: FeedRecord): MappedRow {
    const row: Row = { line: record.line, cells: record.cells };
    if (record.fault !== null) return { row, ...record.fault, linkKey: null, matchKey: null };
    const inside = this.#isInside?.(record) ?? true;
    if (inside === false) return this.#outside(record, row);
    const action = this.#actionOf?.(record) ?? null;
    const leaves = action === 'disable' || action === 'remove';
    // Whoever goes only has to be known: a leaver's manager or e-mail is often gone before the leaver.
    const draft = this.#draft(record, leaves ? this.#keyPlans : this.#plans);
    const employed = leaves ? 'left' : (this.#employment?.(record) ?? 'works');
    const identity = this.#identityOf(draft);
    const fault = draft.missing ?? ruled(inside) ?? ruled(action) ?? draft.fault ?? ruled(employed);
    if (fault !== null) return { row, ...fault, ...identity };
    if (!isWhole(identity)) return { row, ...this.#lacking(), ...identity };
    if (employed === 'left') draft.active = false;
    if (employed === 'notYet' && draft.active) return { row, reason: 'notYetDue', ...identity };
    const person = this.#person(record, row, draft, identity);
    return typeof action === 'string' ? { ...person, actions: [action] } : person;
  }

  /** Nothing but who the person is counts of a row outside; one that names nobody is not ours to worry about. */
  #outside(record: FeedRecord, row: Row): MappedRow {
    const draft = this.#draft(record, this.#keyPlans);
    const identity = this.#identityOf(draft);
    if (!this.#outsideLeaves || !isWhole(identity)) return { row, reason: 'outside', ...identity };
    draft.active = false;
    return this.#person(record, row, draft, identity);
  }

  #person(record: FeedRecord, row: Row, draft: Draft, { linkKey, matchKey }: WholeIdentity): Person {
    const person: Person = {
      rows: [row],
      key: draft.lastingId ?? this.#matchText(draft),
      linkKey,
      matchKey,
      active: draft.active,
      attributes: draft.attributes,
    };
    // Most rows have neither, and this is done for every row.
    if (this.#rank === null && !draft.onLeave) return person;
    return {
      ...person,
      ...(draft.onLeave && draft.active ? { onLeave: true } : {}),
      ...(this.#rank === null ? {} : { rank: this.#rank(record) }),
    };
  }

  #draft(record: FeedRecord, plans: readonly ColumnPlan[]): Draft {
    const draft: Draft = {
      attributes: {},
      active: true,
      onLeave: false,
      lastingId: null,
      fault: null,
      missing: null,
    };
    for (const plan of plans) {
      if (plan.status !== null) {
        const status = statusIn(plan, plan.status, record);
        if (typeof status !== 'string') draft.fault ??= badValue(plan.name, status);
        draft.active = status !== 'leaver';
        draft.onLeave = status === 'leave';
        continue;
      }
      const value = valueIn(plan, record);
      if (value === null) {
        noteEmpty(plan, record, draft);
      } else if (value === clearing) {
        noteCleared(plan, draft);
      } else if (isUnfit(value)) {
        draft.fault ??= badValue(plan.name, value);
      } else {
        this.#noteValue(plan, value, draft);
      }
    }
    return draft;
  }

  #noteValue({ column: { attribute } }: ColumnPlan, value: Value, draft: Draft): void {
    if (attribute === 'externalId' && typeof value === 'string') draft.lastingId = value;
    if (attribute !== 'externalId' || this.#keepsLastingId) draft.attributes[attribute] = value;
  }

  #identityOf(draft: Draft): Identity {
    const matchKey = this.#matchKey(draft);
    return {
      linkKey: this.#hasLastingId ? (draft.lastingId?.normalize('NFC') ?? null) : matchKey,
      matchKey,
    };
  }

  /** Only a match attribute that no column fills is lacking where every cell was sound. */
  #lacking(): Fault {
    return missingKey(this.#keys.match.join(', '));
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

/** What was ruled, where it is a fault. */
function ruled(verdict: Fault | string | boolean | null): Fault | null {
  return typeof verdict === 'object' ? verdict : null;
}

function isWhole(identity: Identity): identity is WholeIdentity {
  return identity.linkKey !== null && identity.matchKey !== null;
}

function noteEmpty(plan: ColumnPlan, record: FeedRecord, draft: Draft): void {
  const { column, name } = plan;
  if (plan.form.isKey) {
    draft.missing ??= missingKey(name);
  } else if (column.empty === 'clear') {
    if (!isAbsent(plan, record)) draft.attributes[column.attribute] = null;
  } else if (column.empty === 'reject') {
    draft.fault ??= {
      code: 'EMPTY_REJECTED',
      column: name,
      message: 'The cell is empty, and the job rejects rows in which it is.',
    };
  }
}

function noteCleared({ column, name, form }: ColumnPlan, draft: Draft): void {
  if (form.isKey) draft.missing ??= missingKey(name);
  else draft.attributes[column.attribute] = null;
}

function missingKey(column: string): Fault {
  return {
    code: 'MISSING_KEY',
    column,
    message: 'The cell is empty, so nothing says who the row is about.',
  };
}
