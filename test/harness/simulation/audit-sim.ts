import { type AuditedReport, audit, type Cells } from '../audit.ts';
import type { JournalLine, SimUser } from './sim-target.ts';

export interface SimEvidence {
  readonly feed: string;
  readonly report: AuditedReport;
  readonly results: string;
  readonly rejects: string;
  readonly journal: readonly JournalLine[];
  readonly users: ReadonlyMap<string, SimUser>;
}

/** Holds the report of a simulated run to the target's journal and users. */
export function auditSim({ users, journal, ...files }: SimEvidence): readonly string[] {
  const byKey = new Map([...users.values()].map((user) => [user.externalId, user]));
  return audit({
    ...files,
    keyColumn: 'ID',
    journal: journal.map(({ op, key, status }) => ({ op, key, taken: status === 'ok' })),
    isExcluded: ({ Site }) => Site === 'there',
    rank: ({ Rank }) => Number(Rank),
    isAsFeed: (key, cells) => isAs(byKey.get(key), cells),
    isGone: (key) => byKey.get(key)?.active !== true,
  });
}

function isAs(user: SimUser | undefined, cells: Cells): boolean {
  if (user === undefined || !user.active) return false;
  const roles = (cells.Roles ?? '').split(';').filter((role) => role !== '');
  return (
    user.userName === cells.Login &&
    user.title === cells.Title &&
    JSON.stringify([...user.roles].sort()) === JSON.stringify(roles.sort())
  );
}
