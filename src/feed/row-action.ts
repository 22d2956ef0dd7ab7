import { type Operation, operations } from '../domain/change.ts';
import type { ActionColumn } from '../domain/settings.ts';
import { badValue, textAt, wordOf } from './cell-values.ts';
import type { Fault, FeedRecord } from './feed-record.ts';

/** What the row of a delta asks for, or why that cannot be told. */
export type ActionReader = (record: FeedRecord) => Operation | Fault;

/** Reads the action column; null when the job has none. */
export function actionReader(action: ActionColumn | null, headers: readonly string[]): ActionReader | null {
  if (action === null) return null;
  const { column, words } = action;
  const position = headers.indexOf(column);
  const byWord = new Map(
    operations.flatMap((operation) => words[operation].map((word) => [wordOf(word), operation] as const)),
  );
  const known = [...byWord.keys()].join(', ');
  return (record) => {
    const text = textAt(record, position);
    if (typeof text !== 'string') return badValue(column, text);
    const operation = byWord.get(wordOf(text));
    if (operation !== undefined) return operation;
    const fault = text === '' ? 'is empty' : 'is a word that the job does not declare';
    return badValue(column, { unfit: `${fault}, so nothing says what is to be done. Known: ${known}.` });
  };
}
