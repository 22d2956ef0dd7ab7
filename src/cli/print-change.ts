import type { Change } from '../domain/change.ts';
import type { Attributes, Value } from '../domain/user.ts';
import { lineText } from './print-run.ts';
import { printable } from './text.ts';

const signs = { create: '+', update: '~', enable: '>', disable: '<', remove: '-' } as const;

/** How values and names are shown: as they are, or masked for a screen that others see. */
export type Shown = (text: string) => string;

export function shownBy({ mask }: { readonly mask: boolean }): Shown {
  return mask ? () => '***' : printable;
}

/** A planned change: who and what, then attribute by attribute, before and after side by side. */
export function describeChange(change: Change, shown: Shown = printable): string {
  const attributes = change.operation === 'remove' ? [] : attributeRows(change, shown);
  const lines = [headOf(change, shown), ...aligned(attributes)];
  if (change.disposition === 'conflict' && change.reason !== null) {
    lines.push(`    ${printable(change.reason.message)}`);
  }
  for (const { references } of change.steps) {
    for (const [attribute, key] of Object.entries(references ?? {})) {
      lines.push(`    ${attribute}: the user of ${printable(key)}, once there is one`);
    }
  }
  // What a disable or an enable really does is in its steps: which roles go, which come back.
  if (change.steps.length > 1 || change.steps.some((step) => step.subject !== '')) {
    lines.push(`    steps: ${change.steps.map((step) => stepText(step, shown)).join(', ')}`);
  }
  return lines.join('\n');
}

function headOf(change: Change, shown: Shown): string {
  const where =
    change.rows.length === 0
      ? causes[change.cause]
      : lineText(change.rows.map((row) => row.line).join(', '), change.feed);
  const state =
    change.disposition === 'planned' ? '' : `  ${change.disposition}: ${change.reason?.code ?? ''}`;
  const name = change.userId === null ? '' : ` ${shown(change.userId)}`;
  const undo = change.undo === undefined ? '' : `  undo: ${change.undo}`;
  return `${signs[change.operation]} ${change.operation} ${printable(change.key)}${name} (${where})${state}${undo}`;
}

const causes: Readonly<Record<Change['cause'], string>> = {
  feed: 'not in the feed',
  status: 'not in the feed',
  absence: 'not in the feed',
  approved: 'by key',
  revert: 'undoes a run',
};

function stepText({ action, subject }: Change['steps'][number], shown: Shown): string {
  return subject === '' ? printable(action) : `${printable(action)} ${shown(subject)}`;
}

type AttributeRow = readonly [name: string, before: string | null, after: string];

function attributeRows(change: Change, shown: Shown): readonly AttributeRow[] {
  const names = [...new Set([...Object.keys(change.before), ...Object.keys(change.after)])];
  return names.map((name) => {
    const after = valueText(change.after, name, shown);
    return [name, change.operation === 'create' ? null : valueText(change.before, name, shown), after];
  });
}

/** What is longer than this pushes its own row out, and not all the others. */
const columnMax = 40;

function aligned(rows: readonly AttributeRow[]): readonly string[] {
  const width = (texts: readonly string[]): number =>
    Math.max(0, ...texts.map(({ length }) => length).filter((length) => length <= columnMax));
  const names = width(rows.map(([name]) => name));
  const befores = width(rows.map(([, before]) => before ?? ''));
  return rows.map(([name, before, after]) => {
    const left = before === null ? '' : `${before.padEnd(befores)} -> `;
    return `    ${name.padEnd(names)}  ${left}${after}`;
  });
}

function valueText(attributes: Attributes, name: string, shown: Shown): string {
  const value: Value | null = attributes[name] ?? null;
  if (value === null) return '(none)';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'object') return value.length === 0 ? '(none)' : value.map(shown).join('; ');
  return shown(value);
}
