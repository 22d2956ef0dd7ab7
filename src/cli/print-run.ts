import path from 'node:path';
import colours from 'picocolors';
import { operations } from '../domain/change.ts';
import { jobChangeLines } from '../guard/job-change-lines.ts';
import { duplicatesName, duplicatesNote } from '../report/duplicates-csv.ts';
import { limitText } from '../report/guard-limit.ts';
import { rejectsName } from '../report/rejects-csv.ts';
import { feedsOf, type NamedFeedSection, type Report } from '../report/report.ts';
import { wholeText } from '../report/whole-text.ts';
import type { RunEnd } from '../run/finish-run.ts';
import { bareTable } from './bare-table.ts';
import { commandName } from './output.ts';
import { number, plural, printable } from './text.ts';

const colour = colours.createColors(process.stdout.isTTY && (process.env.NO_COLOR ?? '') === '');

/** A run as it is printed. */
export type ToDescribe = Pick<RunEnd, 'report' | 'directory' | 'setAside'>;

/** The result of a run for people: numbers, guards that hold it, the first failures, and where the rest lies. */
export function describeRun({ report, directory, setAside }: ToDescribe): string {
  const parts = [
    `${colour.bold(printable(report.run.job))}  ${report.run.mode} ${report.run.id}  ${report.target.provider} ${report.target.baseUrl}`,
    [rowsLine(report), usersLine(report), findingLines(report)].filter((line) => line !== '').join('\n'),
    operationTable(report),
    ...guardLines(report),
    ...jobLines(report),
    ...setAsideLines(report, setAside),
    ...failureLines(report),
    `report  ${path.join(path.relative(process.cwd(), directory), page)}   beside it ${filesOf(report).join(', ')}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const page = 'report.html';

function filesOf(report: Report): readonly string[] {
  const read = feedsOf(report).filter(({ missing }) => !missing);
  const files = ['report.json', 'results.csv', ...read.map(({ name }) => rejectsName(name))];
  return report.rows.duplicates === 0 ? files : [...files, duplicatesName];
}

/** Which of several files a run read, and how many are still to be. */
export function describeFeed({ feed }: Report, waiting: number): string {
  const [first] = [feed].flat();
  const behind =
    waiting === 0 ? '' : `, ${plural(waiting, 'file')} ${waiting === 1 ? 'waits' : 'wait'} behind it`;
  return `feed    ${printable(first?.path ?? '')}${behind}`;
}

function rowsLine(report: Report): string {
  const { rows } = report;
  const feeds = feedsOf(report);
  const ofFeed = (feed: NamedFeedSection): string =>
    feed.name === '' ? wholeText(feed) : `${printable(feed.name)} ${number(feed.rows)}, ${wholeText(feed)}`;
  const counts = [
    ['changed', rows.changed],
    ['unchanged', rows.unchanged],
    ['quarantined', rows.quarantined],
    ['excluded', rows.excluded],
    ['duplicates', rows.duplicates],
  ] as const;
  const shown = counts.filter(([, count]) => count > 0).map(([name, count]) => `${number(count)} ${name}`);
  const note = duplicatesNote(rows.duplicates);
  const lost = note === null ? '' : `\n        ${note}`;
  if (feeds.length === 0) return 'rows    no feed was read';
  return `rows    ${plural(rows.total, 'row')} (${feeds.map(ofFeed).join('; ')}): ${shown.join(', ') || 'none'}${lost}`;
}

function usersLine({ users, references }: Report): string {
  const { unresolved: count } = references;
  const lost =
    count === 0
      ? ''
      : `\n        ${plural(count, 'reference')} to people without a user: the old values stay`;
  return `users   before: ${number(users.managed)} managed by this job, ${number(users.unmanaged)} unmanaged and never touched${lost}`;
}

const protectionsShown = 5;

/** What keeps people as they are, and what others change: each in a line, nothing where there is nothing to tell. */
function findingLines({ spared, drift, flapping, protections }: Report): string {
  const left = [
    spared.protected > 0 ? `${number(spared.protected)} protected by the job` : '',
    spared.kept > 0 ? `${number(spared.kept)} kept as they are for a while` : '',
    spared.outsideScope > 0 ? `${number(spared.outsideScope)} outside the managed scope` : '',
  ].filter((part) => part !== '');
  const shown = protections
    .slice(0, protectionsShown)
    .map(({ key, until, reason }) => `kept    ${printable(key)} until ${until}: ${printable(reason)}`);
  const rest = protections.length - shown.length;
  if (rest > 0) shown.push(`        … and ${number(rest)} more: ${commandName()} protect JOB`);
  return [
    left.length === 0 ? '' : `spared  ${left.join(', ')}`,
    ...shown,
    countsLine('drift   ', drift, 'changed in the target by others'),
    countsLine('flapping', flapping, 'written again and again, and changed back by others'),
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function countsLine(head: string, counts: Readonly<Record<string, number>>, what: string): string {
  const parts = Object.entries(counts).map(
    ([name, people]) => `${printable(name)} of ${plural(people, 'user')}`,
  );
  return parts.length === 0 ? '' : `${head} ${parts.join(', ')}: ${what}`;
}

function operationTable(report: Report): string {
  const columns =
    report.run.mode === 'plan'
      ? (['planned', 'held', 'conflict'] as const)
      : (['succeeded', 'failed', 'unknown', 'notSent', 'held', 'conflict'] as const);
  const shown = columns.filter((column) => report.changes[column] > 0);
  // Of a feed that a guard holds, nothing can be said.
  if (report.changes.total === 0) {
    const isOfFeed = report.exitCode !== 3 && feedsOf(report).length > 0;
    return !isOfFeed ? 'changes none' : 'changes none: the target matches the feed';
  }
  const head = ['changes', ...shown.map((name) => (name === 'notSent' ? 'not sent' : name))];
  const rows = operations
    .filter((operation) => shown.some((column) => report.byOperation[operation][column] > 0))
    .map((operation) => [operation, ...shown.map((column) => number(report.byOperation[operation][column]))]);
  rows.push(['total', ...shown.map((column) => number(report.changes[column]))]);
  const table = bareTable(
    head,
    rows,
    shown.map((_, at) => at + 1),
  );
  const absent = report.changes.fromAbsence;
  const note = absent === 0 ? '' : `\n${plural(absent, 'change')} from people whom the feed no longer names`;
  return `${table}${note}`;
}

/** Each that holds the plan is a paragraph; those that were let pass are a list. */
function guardLines({ guards }: Report): readonly string[] {
  const held = guards
    .filter(({ tripped }) => tripped)
    .map((guard) => `${colour.yellow(`held by ${guardName(guard)}`)}  ${printable(guard.advice ?? '')}`);
  const passed = guards
    .filter(({ tripped, released }) => !tripped && released === true)
    .map((guard) => {
      const limit = guard.limit === null ? '' : ` (${limitText(guard.name, guard.limit)})`;
      return `passed  ${guardName(guard)} ${number(guard.actual)}${limit}: ${printable(guard.allowedBy ?? '')}`;
    });
  return [...held, passed.join('\n')];
}

function guardName({ name, subject }: Report['guards'][number]): string {
  return subject === undefined ? name : `${name} (${printable(subject)})`;
}

/** What the job says otherwise than when it last wrote to the target. */
function jobLines({ run }: Report): readonly string[] {
  if (run.jobChanges.length === 0) return [];
  const lines = run.jobChanges.flatMap((change) =>
    jobChangeLines(change).map((line) => `  ${printable(line)}${change.weakens ? '  (lets more pass)' : ''}`),
  );
  return [`job     changed since it last wrote:\n${lines.join('\n')}`];
}

function setAsideLines({ rows, feed }: Report, setAside: ToDescribe['setAside']): readonly string[] {
  if (setAside.length === 0) return [];
  const lines = setAside.map(({ row, feed: name, code, column, message }) => {
    const where = column === null ? '' : `${printable(column)}: `;
    return `  ${colour.red('set aside')}  ${lineText(row.line, name)}  ${code}  ${where}${printable(message)}`;
  });
  const rest = rows.quarantined - lines.length;
  const file = Array.isArray(feed) ? 'rejects-NAME.csv' : rejectsName('');
  if (rest > 0) lines.push(`  … and ${number(rest)} more in ${file}`);
  return [lines.join('\n')];
}

const failuresShown = 10;

function failureLines(report: Report): readonly string[] {
  const { failures, changes } = report;
  if (failures.length === 0) return [];
  const all = changes.failed + changes.conflict + changes.unknown;
  const absent = feedsOf(report).length === 0 ? '' : ' (not in the feed)';
  const lines = failures.slice(0, failuresShown).map((failure) => {
    const where = failure.line === null ? absent : ` (${lineText(failure.line, failure.feed)})`;
    const code = [failure.errorCode, failure.providerCode].filter((part) => part !== null).join(' ');
    return `  ${colour.red(failure.result)}  ${printable(failure.key)}${where}  ${failure.operation}  ${printable(code)}  ${printable(failure.message ?? '')}`.trimEnd();
  });
  const rest = all - lines.length;
  if (rest > 0) lines.push(`  … and ${number(rest)} more in results.csv`);
  return [lines.join('\n')];
}

export function lineText(line: number | string, feed: string | undefined): string {
  return feed === undefined ? `line ${line}` : `${printable(feed)} line ${line}`;
}
