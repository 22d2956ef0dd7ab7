import type { Operation } from './change.ts';
import type { Attributes } from './user.ts';

/** A cell of a feed as it was read: text, or a list where the feed's format has lists. */
export type Cell = string | readonly string[];

/** One record of the feed: the line it begins on, and its cells in the order of the job's mapped columns. */
export interface Row {
  readonly line: number;
  readonly cells: readonly Cell[];
}

/** What the rows of a feed say about one human. */
export interface Person {
  readonly rows: readonly Row[];
  /** The lasting id as people read it: the employee number, or the match key where the feed has no such id. */
  readonly key: string;
  /** The lasting id as it is compared. */
  readonly linkKey: string;
  /** The values of the match attributes, folded as the target compares them. */
  readonly matchKey: string;
  /** False when a status in the feed says that the person has left. */
  readonly active: boolean;
  /** Only attributes that the feed says something about; null where it clears one. */
  readonly attributes: Attributes;
  /** Set by a status that means leave of absence; the person is active then. */
  readonly onLeave?: true;
  /** What the rows of a delta with actions ask for, in their order. */
  readonly actions?: readonly Operation[];
  /** How the row ranks among others of the same person by the job's preferences: compared from the left, the higher wins. */
  readonly rank?: readonly (number | string)[];
  /** Position in the job's feeds of the one that the rows stand in; absent for the first. */
  readonly feed?: number;
}

/** A row that is sound and asks for nothing: whom it names is not absent. */
export interface ExcludedRow {
  readonly row: Row;
  /** Outside the job's conditions, or a first day that has not come. */
  readonly reason: 'outside' | 'notYetDue';
  readonly linkKey: string | null;
  readonly matchKey: string | null;
}

/** Why a row was set aside. The words are a contract: reports and scripts depend on them. */
export type QuarantineCode =
  | 'RAGGED_ROW'
  | 'UNCLOSED_QUOTE'
  | 'BAD_QUOTE'
  | 'BAD_JSON'
  | 'RECORD_TOO_LONG'
  | 'FIELD_TOO_LONG'
  | 'NO_LINE_END'
  | 'TORN_ROW'
  | 'HEADER_AGAIN'
  | 'MISSING_KEY'
  | 'BAD_VALUE'
  | 'EMPTY_REJECTED'
  | 'DUPLICATE_PERSON'
  | 'CONTRADICTING_ROWS'
  | 'CONTRADICTING_ACTIONS';

/** A row that could not be read or is invalid. */
export interface QuarantinedRow {
  readonly row: Row;
  /** Name of the feed that it stands in; absent where the job has one feed. */
  readonly feed?: string;
  readonly code: QuarantineCode;
  /** Column of the feed at fault, by its header; null when the whole row is. */
  readonly column: string | null;
  /** What is wrong and what to do, without the cell's value. */
  readonly message: string;
  /** What could be read of the person's identity: it keeps that person from being taken for a leaver. */
  readonly linkKey: string | null;
  readonly matchKey: string | null;
}

/** A row that lost to another row of the same person by a rule of the job. */
export interface DuplicateRow {
  readonly row: Row;
  /** Name of the feed that it stands in; absent where the job has one feed. */
  readonly feed?: string;
  /** The person's lasting id as the feed spells it. */
  readonly key: string;
  /** The row that counts; of several that were united, the first. */
  readonly winner: { readonly line: number; readonly feed?: string };
  /** What told the two apart, as the job says it. */
  readonly rule: string;
}
