import Table from 'cli-table3';
import type { Cell } from '../domain/person.ts';
import type { Column } from '../domain/settings.ts';
import type { Value } from '../domain/user.ts';
import { bare } from './bare-table.ts';
import type { Sample, SampledRow } from './sample.ts';
import { plural, printable } from './text.ts';

/** Without a terminal that tells its width. */
const usualWidth = 100;
/** Below this, words would break everywhere. */
const columnWidthMin = 12;

/** Rows before and after, for people: each as a table that is no wider than the terminal. */
export function describeSamples(samples: readonly Sample[], isList: boolean): string {
  return samples.map((sample) => describeSample(sample, isList)).join('\n\n');
}

function describeSample({ target, feed, columns, rows }: Sample, isList: boolean): string {
  const of = [feed === '' ? [] : [`feed ${feed}`], isList ? [`target ${target}`] : []].flat();
  const head = [`sample  ${plural(rows.length, 'row')}`, ...of].map(printable).join(', ');
  return [head, ...rows.map((row) => describeRow(row, columns))].join('\n\n');
}

function describeRow(row: SampledRow, columns: readonly Column[]): string {
  const { person, reason, line } = row;
  if (person === null) {
    const column = reason?.column == null ? '' : ` in ${printable(reason.column)}`;
    const why = `${reason?.code ?? ''}${column}: ${printable(reason?.message ?? '')}`;
    return `line ${line}  ${row.result}  ${why}\n${cellTable(row, columns)}`;
  }
  const actions = person.actions.length === 0 ? '' : `  ${person.actions.join(', ')}`;
  return `line ${line}  ${printable(person.key)}  ${statusWords[person.status]}${actions}\n${cellTable(row, columns)}`;
}

const statusWords = { active: 'works here', onLeave: 'on leave', leaver: 'leaver' } as const;

/** Attribute, column, cell and value; cells that no attribute takes come last, since they decide too. */
function cellTable(row: SampledRow, columns: readonly Column[]): string {
  const lines = columns.map(({ attribute, from, value }) => [
    attribute,
    from.length === 0 ? 'constant' : from.join(' + '),
    from.length === 0 ? (value ?? '') : from.map((name) => cellText(row.cells[name] ?? '')).join(' + '),
    valueText(row, attribute),
  ]);
  const mapped = new Set(columns.flatMap(({ from }) => from));
  const others = Object.entries(row.cells)
    .filter(([name]) => !mapped.has(name))
    .map(([name, cell]) => ['', name, cellText(cell), '']);
  const all = [
    ['attribute', 'column', 'before', 'after'],
    ...[...lines, ...others].map((cells) => cells.map(printable)),
  ];
  const [head = [], ...body] = all;
  const table = new Table({
    head,
    chars: bare,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
    colWidths: widths(all),
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  table.push(...body);
  return table.toString().replace(/ +$/gm, '');
}

/** Names get what they need, a quarter of the line at most; what they leave is for the values. */
function widths(lines: readonly (readonly string[])[]): number[] {
  const space = Math.max(4 * columnWidthMin, (process.stdout.columns ?? usualWidth) - 6);
  const names = [0, 1].map((column) => {
    const longest = Math.max(...lines.map((cells) => cells[column]?.length ?? 0));
    return Math.min(longest, Math.floor(space / 4));
  });
  const rest = names.reduce((left, width) => left - width, space);
  return [...names, Math.floor(rest / 2), Math.floor(rest / 2)];
}

function valueText({ person }: SampledRow, attribute: string): string {
  if (person === null) return '';
  if (attribute === 'active') return statusWords[person.status];
  if (attribute === 'externalId') return person.key;
  const value = Object.hasOwn(person.attributes, attribute) ? person.attributes[attribute] : undefined;
  if (value === undefined) return '(left as it is)';
  return value === null ? '(cleared)' : textOf(value);
}

function cellText(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.join(' | ');
}

function textOf(value: Value): string {
  return typeof value === 'object' ? value.join(' | ') : String(value);
}
