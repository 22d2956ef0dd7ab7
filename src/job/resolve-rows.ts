import { type Operation, operations } from '../domain/change.ts';
import { fold } from '../domain/comparison.ts';
import type { ActionColumn, Column, Condition, OnePerson, Preference } from '../domain/settings.ts';
import { sound } from './check-shape.ts';
import { FeedFile } from './feed-schema.ts';
import type { Report } from './problem.ts';
import { fieldOf } from './record.ts';

type Words = string | number | boolean | readonly (string | number | boolean)[] | undefined;

/** In the form in which words are compared. */
export function wordsOf(words: Words): readonly string[] | null {
  if (words === undefined) return null;
  const list = typeof words === 'object' ? words : [words];
  return list.map((word) => fold(String(word).trim(), undefined));
}

/** The conditions under which a row is one of this job's. */
export function conditionsOf(file: FeedFile['where']): readonly Condition[] {
  return (file ?? []).map((entry) => ({
    column: entry.column,
    is: wordsOf(entry.is),
    isNot: wordsOf(entry.isNot),
    like: wordsOf(entry.like),
    empty: entry.empty ?? null,
  }));
}

/** What several rows of one person mean. */
export function onePersonOf(file: FeedFile['onePerson']): OnePerson | null {
  if (file === undefined) return null;
  return file === 'fold' ? { kind: 'fold' } : { kind: 'prefer', rules: file.prefer.map(preferenceOf) };
}

/** `Status = Active`, or `latest Effective Date`. */
function preferenceOf(text: string): Preference {
  const ranked = /^(latest|earliest|highest|lowest)\s+([^=]+)$/u.exec(text.trim());
  const [, kind, column = ''] = ranked ?? [];
  if (kind === 'latest' || kind === 'earliest' || kind === 'highest' || kind === 'lowest')
    return { kind, column: column.trim() };
  const [name = '', ...word] = text.split('=');
  return { kind: 'is', column: name.trim(), word: fold(word.join('=').trim(), undefined) };
}

/** The column that says what is to be done, with the words of each operation. */
export function actionOf(file: FeedFile['action']): ActionColumn | null {
  if (file === undefined) return null;
  // Once a job names words of its own, only those count.
  const wordsFor = (operation: Operation): readonly string[] =>
    file.words === undefined ? [operation] : (wordsOf(file.words[operation]) ?? []);
  const words = {
    create: wordsFor('create'),
    update: wordsFor('update'),
    enable: wordsFor('enable'),
    disable: wordsFor('disable'),
    remove: wordsFor('remove'),
  };
  return { column: file.column, words, several: file.several, unlinked: file.unlinked };
}

/** Reports what the options about rows say that cannot be meant. */
export function checkRows(raw: unknown, columns: readonly Column[], report: Report): void {
  if (fieldOf(raw, 'outside') !== undefined && fieldOf(raw, 'where') === undefined) {
    report({
      path: ['outside'],
      at: 'key',
      message: '`outside` says nothing without `where`',
      hint: 'Give the conditions in `where`, or take `outside` out.',
    });
  }
  checkConditions(conditionsOf(sound(FeedFile.shape.where, fieldOf(raw, 'where'))), report);
  checkBy(fieldOf(fieldOf(raw, 'onePerson'), 'by'), columns, report);
  if (fieldOf(raw, 'mode') !== 'delta' && fieldOf(raw, 'action') !== undefined) {
    report({
      path: ['action'],
      at: 'key',
      message: '`action` is for deltas: a full feed says who should exist',
      hint: 'Say `mode: delta`, or take `action` out.',
    });
  }
  const action = actionOf(sound(FeedFile.shape.action, fieldOf(raw, 'action')));
  if (action !== null) checkActionWords(action, report);
}

function checkConditions(conditions: readonly Condition[], report: Report): void {
  for (const [index, { is, isNot, like, empty }] of conditions.entries()) {
    const impossible =
      (empty === true && (is ?? like) !== null) || is?.every((word) => isNot?.includes(word)) === true;
    if (!impossible) continue;
    report({
      path: ['where', index],
      message: `no row can meet \`where.${index}\`: what it asks for excludes itself`,
      hint: 'All that one condition says has to hold at once.',
    });
  }
}

/** `by` changes nothing, so it must not say what is not so. */
function checkBy(by: unknown, columns: readonly Column[], report: Report): void {
  if (typeof by !== 'string') return;
  const lasting = columns.filter(({ attribute }) => attribute === 'externalId');
  const known = (lasting.length === 0 ? columns : lasting).flatMap(({ attribute, from }) => [
    attribute,
    ...from,
  ]);
  if (known.includes(by)) return;
  report({
    path: ['onePerson', 'by'],
    message: 'people are not told apart by this',
    hint: `Rows are one person's by the lasting id (${known.slice(0, 8).join(', ')}); \`by\` may only say so.`,
  });
}

function checkActionWords({ words }: ActionColumn, report: Report): void {
  const all = operations.flatMap((operation) => words[operation].map((word) => ({ operation, word })));
  if (all.length === 0) {
    report({
      path: ['action', 'words'],
      message: '`action.words` names no word',
      hint: 'Say `words: { disable: [LEFT] }` and so on, or take it out: then the operations are the words.',
    });
  }
  for (const [index, { operation, word }] of all.entries()) {
    const first = all.find((other) => other.word === word);
    if (first === undefined || all.indexOf(first) === index || first.operation === operation) continue;
    report({
      path: ['action', 'words', operation],
      message: `a word of \`${operation}\` is one of \`${first.operation}\` too`,
      hint: 'Each word can ask for one operation only; case does not count.',
    });
  }
}
