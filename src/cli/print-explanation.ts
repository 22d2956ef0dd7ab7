import type { ChangeInRun } from '../contracts/ledger.ts';
import type { Attributes, Value } from '../domain/user.ts';
import { explainChange } from '../report/explain-change.ts';
import type { ExplainedPerson, Explanation } from '../run/explain-person.ts';
import { describeChange } from './print-change.ts';
import { lineText } from './print-run.ts';
import { plural, printable } from './text.ts';

/** All that is known of one person, for people: feed, target, ledger, today's plan and why, history. */
export function describePerson(person: ExplainedPerson, explanation: Explanation): string {
  const { key, target } = person;
  const name = key ?? target.user?.id ?? '(a row whose person cannot be told)';
  const sections: readonly (readonly [heading: string, lines: readonly string[]])[] = [
    ['feed', feedLines(person, explanation)],
    [explanation.source === 'ledger' ? 'target, as the ledger knows it' : 'target, now', targetLines(person)],
    ['ledger', ledgerLines(person)],
    [`plan as of ${explanation.asOf}`, planLines(person, explanation)],
    ['history', historyLines(person.history)],
  ];
  const parts = sections.map(([heading, lines]) => `${heading}\n${indented(lines)}`);
  return `${printable(name)}\n\n${parts.join('\n\n')}`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line.replaceAll('\n', '\n  ')}`).join('\n');
}

function feedLines({ feed }: ExplainedPerson, { readFeed, nameless }: Explanation): readonly string[] {
  if (!readFeed) return ['nothing new waits to be read'];
  const { person, quarantined, duplicates, excluded } = feed;
  const lines: string[] = [];
  if (person !== null) {
    const where = person.rows.map(({ line }) => line).join(', ');
    const state = person.onLeave === true ? 'on leave' : person.active ? 'active' : 'has left';
    const asks = person.actions === undefined ? '' : `; asks for ${person.actions.join(', ')}`;
    lines.push(`line ${where}: ${state}${asks}`, ...attributeLines(person.attributes));
  }
  for (const { row, feed: name, code, message } of quarantined) {
    lines.push(`${lineText(row.line, name)} is set aside: ${code}  ${printable(message)}`);
  }
  for (const { row, feed: name, winner, rule } of duplicates) {
    lines.push(
      `${lineText(row.line, name)} lost to ${lineText(winner.line, winner.feed)}: ${printable(rule)}`,
    );
  }
  for (const { row, reason } of excluded) {
    const why = reason === 'outside' ? 'outside the conditions of the job' : 'a first day that has not come';
    lines.push(`line ${row.line} is left out: ${why}`);
  }
  if (lines.length === 0) lines.push('no row names this person');
  if (person === null && nameless > 0) {
    lines.push(`${plural(nameless, 'row')} could not be read and may name anybody`);
  }
  return lines;
}

function targetLines({ target: { user, foundBy } }: ExplainedPerson): readonly string[] {
  if (user === null) return ['no user'];
  const by = { link: ', found by the link in the ledger', matchKey: ', found by the match key' };
  return [
    `${printable(user.id)}: ${user.active ? 'active' : 'not active'}${foundBy === null ? '' : by[foundBy]}`,
    ...attributeLines(user.attributes),
  ];
}

function ledgerLines({ ledger: { account, protection, bar } }: ExplainedPerson): readonly string[] {
  const lines: string[] = [];
  if (account === null) lines.push('knows no account');
  else if (account.linkKey === null) lines.push('knows the account, and is linked to nobody');
  else
    lines.push(`linked: lasting id ${printable(account.key ?? account.linkKey)} is ${printable(account.id)}`);
  if (account?.leaverSince != null) lines.push(`leaver since ${account.leaverSince}`);
  if (account?.absent != null) {
    lines.push(`missing from the feed ${account.absent.feedSha256.slice(0, 12)} at ${account.absent.at}`);
  }
  if (account?.disabled != null) {
    lines.push(`disabled by this job at ${account.disabled.at}; enabling gives back:`);
    lines.push(...attributeLines(account.disabled.restore));
  }
  for (const [name, { value, at }] of Object.entries(account?.written ?? {})) {
    lines.push(`wrote ${name} = ${valueText(value)} at ${at.join(', ')}`);
  }
  if (protection !== null) {
    lines.push(`kept as it is until ${protection.until}: ${printable(protection.reason)}`);
  }
  if (bar !== null) {
    lines.push(`disabled by key at ${bar.at} by ${printable(bar.by)}: ${printable(bar.reason)}`);
  }
  return lines;
}

function planLines(person: ExplainedPerson, explanation: Explanation): readonly string[] {
  const { change } = person.plan;
  const held = explanation.held.map(
    ({ name, subject, limit, actual }) =>
      `the guard ${name}${subject === undefined ? '' : ` (${printable(subject)})`} holds the whole plan: ${actual}, and ${limit ?? 'none'} allowed`,
  );
  if (change === null) return ['nothing', ...reasons(person, explanation)];
  return [describeChange(change), ...reasons(person, explanation), ...held];
}

const spared = {
  protected: 'protected by the job: nothing is taken',
  kept: 'kept as it is by `protect`',
  outsideScope: 'outside of what the job manages',
};

function reasons(person: ExplainedPerson, explanation: Explanation): readonly string[] {
  const { plan, ledger, feed } = person;
  const { change, difference } = plan;
  const lines: string[] = [];
  if (change?.cause === 'status') lines.push('because the feed says that the person has left');
  if (change?.cause === 'approved') lines.push('because somebody disabled the person by key');
  if (change?.cause === 'absence') lines.push(absenceText(ledger.account?.absent ?? null));
  if (difference?.spared !== undefined) lines.push(`because it is ${spared[difference.spared]}`);
  for (const name of difference?.drifted ?? []) lines.push(`somebody changed ${name} in the target`);
  for (const name of difference?.flapping ?? []) lines.push(`somebody keeps changing back ${name}`);
  if (change === null) lines.push(...idleReasons(person, explanation));
  const since = difference?.account?.leaverSince ?? ledger.account?.leaverSince ?? null;
  if (since !== null && feed.person?.active !== true) lines.push(...dueLines(since, explanation));
  return lines;
}

function absenceText(before: { readonly at: string } | null): string {
  return before === null
    ? 'because a feed that is proven whole does not name them'
    : `because the feed does not name them, missing since ${before.at}: it is proven whole, or confirms an earlier one`;
}

function idleReasons(person: ExplainedPerson, { witnessesApartMs }: Explanation): readonly string[] {
  const { difference } = person.plan;
  const { account } = person.ledger;
  if (difference === null) {
    if (person.linkKey === null) return ['because no person of this job is linked to it'];
    return ['because no row that counts names them, and one that was set aside, or another feed, may'];
  }
  if (difference.spared !== undefined) return [];
  const absent = difference.account?.absent ?? account?.absent ?? null;
  if (person.feed.person === null && absent !== null && account?.leaverSince == null) {
    const hours = witnessesApartMs / 3_600_000;
    return [
      `missing since ${absent.at}: another feed at least ${hours} h later, or one that is proven whole, makes them a leaver`,
    ];
  }
  if (difference.bucket === 'excluded') return ['because the policy of the job leaves this alone'];
  return person.feed.person === null
    ? ['because this feed does not tell who is missing: it is a delta, a part, or not whole']
    : ['because the target has what the feed says'];
}

function dueLines(since: string, { leavers }: Explanation): readonly string[] {
  return leavers.map(({ operation, afterDays }) => {
    const due = new Date(Date.parse(since) + afterDays * 86_400_000).toISOString();
    return `leavers: ${operation} after ${afterDays} days, due ${due}`;
  });
}

function historyLines(history: readonly ChangeInRun[]): readonly string[] {
  if (history.length === 0) return ['no run had anything to do'];
  return history.map((entry) => {
    const { run, change } = entry;
    const { end, errorCode, providerCode, attempts, message } = explainChange(entry, run.mode);
    const codes = [errorCode, providerCode].filter((code) => code !== null).join(' ');
    const tries = attempts > 1 ? `, ${attempts} attempts` : '';
    const names = Object.keys(change.after).join(', ');
    const what = `${run.startedAt}  ${run.id}  ${run.mode}  ${change.operation}${names === '' ? '' : ` ${names}`}`;
    return `${what}: ${end}${tries}  ${codes}  ${printable(message ?? '')}`.trimEnd();
  });
}

function attributeLines(attributes: Attributes): readonly string[] {
  const names = Object.keys(attributes).sort();
  const width = Math.max(0, ...names.map(({ length }) => length));
  return names.map((name) => `  ${name.padEnd(width)}  ${valueText(attributes[name] ?? null)}`);
}

function valueText(value: Value | null): string {
  if (value === null) return '(none)';
  if (typeof value === 'object') return value.length === 0 ? '(none)' : value.map(printable).join('; ');
  return printable(String(value));
}
