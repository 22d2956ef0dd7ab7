import type { Change } from '../../src/domain/change.ts';
import type { PlanEnd, PlanHeader } from '../../src/plan/plan.ts';
import { planLines } from '../../src/plan/plan.ts';
import { buildChange } from '../report/build.ts';

export const header: PlanHeader = {
  format: 'rollcall-plan',
  version: 2,
  job: 'epm-hr-feed',
  jobFile: '/etc/rollcall/epm.yaml',
  environment: null,
  jobSha256: 'a'.repeat(64),
  asOf: '2026-11-03T02:15:07Z',
  feeds: [
    {
      name: '',
      path: 'inbox/hr.csv',
      source: 'file',
      sha256: 'c'.repeat(64),
      bytes: 2048,
      rows: 3,
      columns: ['Employee ID', 'User Login', 'Title'],
    },
  ],
  target: { name: 'epm', provider: 'oracle-epm', baseUrl: 'https://epm.example.com' },
  only: null,
  revert: null,
  people: null,
  trustsAbsences: false,
  stateSha256: 'b'.repeat(64),
  ledger: { lineage: 'l1', lastAppliedRun: null },
};

export const end: Omit<PlanEnd, 'changes' | 'planHash'> = {
  rows: { total: 3, quarantined: 0, duplicates: 0, excluded: 0, unchanged: 1, changed: 2 },
  users: { managed: 3, unmanaged: 12 },
  guards: [{ name: 'disables', limit: 3, actual: 0, tripped: false, advice: null }],
};

export const changes: readonly Change[] = [
  buildChange({ seq: 1 }),
  buildChange({ seq: 2, key: 'E2', after: { title: 'Chéf\n"x"' } }),
];

/** A plan of two changes, or of those given. */
export function buildLines(
  of: Iterable<Change> = changes,
  difference: Partial<PlanHeader> = {},
): Generator<string, string> {
  return planLines({ ...header, ...difference }, of, end);
}

export function readLines(lines: Generator<string, string>): { text: string; hash: string } {
  let text = '';
  for (;;) {
    const next = lines.next();
    if (next.done === true) return { text, hash: next.value };
    text += next.value;
  }
}
