import type { Run, Scope, StepOutcome } from '../../src/contracts/ledger.ts';
import type { Change } from '../../src/domain/change.ts';
import type { QuarantinedRow } from '../../src/domain/person.ts';
import type { Account } from '../../src/domain/user.ts';

// Builders of valid entries: a test states only what is different.

export const scope: Scope = { job: 'hr', origin: 'https://example.com' };
export const otherScope: Scope = { job: 'hr', origin: 'https://test.example.com' };
export const at = '2026-11-02T02:15:00.000Z';

export function account(id: string, difference: Partial<Account> = {}): Account {
  return {
    id,
    active: true,
    attributes: { userName: id, 'name.givenName': 'Ada', roles: ['Viewer', 'Planner'], manager: null },
    linkKey: null,
    key: null,
    disabled: null,
    leaverSince: null,
    absent: null,
    ...difference,
  };
}

export function run(id: string, difference: Partial<Run> = {}): Run {
  return {
    id,
    scope,
    mode: 'apply',
    state: 'running',
    startedAt: at,
    finishedAt: null,
    asOf: at,
    pid: 4711,
    host: 'build.example.com',
    operator: 'ada',
    exitCode: null,
    facts: null,
    ...difference,
  };
}

export function change(seq: number, difference: Partial<Change> = {}): Change {
  return {
    seq,
    disposition: 'planned',
    reason: null,
    operation: 'create',
    user: null,
    key: `E${seq}`,
    linkKey: `e${seq}`,
    userId: null,
    rows: [{ line: seq + 1, cells: [`E${seq}`, 'Ada', ['Viewer']] }],
    cause: 'feed',
    before: {},
    after: { userName: `user${seq}`, roles: ['Viewer'] },
    remember: null,
    conflict: null,
    steps: [
      { action: 'add', subject: '', values: { userName: `user${seq}` } },
      { action: 'assign-role', subject: 'Viewer', values: {} },
    ],
    ...difference,
  };
}

export function outcome(seq: number, step: number, difference: Partial<StepOutcome> = {}): StepOutcome {
  return {
    seq,
    step,
    result: 'succeeded',
    errorCode: null,
    providerCode: null,
    message: null,
    userId: null,
    attempts: 1,
    at,
    ...difference,
  };
}

export function quarantined(line: number, difference: Partial<QuarantinedRow> = {}): QuarantinedRow {
  return {
    row: { line, cells: ['E1', 'a "quoted" cell', ['x', 'y']] },
    code: 'BAD_VALUE',
    column: 'Email',
    message: 'not an e-mail address',
    linkKey: 'e1',
    matchKey: null,
    ...difference,
  };
}

/** The numbers from 1 to `count`, in an order that is neither sorted nor reversed. */
export function shuffled(count: number): readonly number[] {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return [...numbers.filter((number) => number % 3 === 1), ...numbers.filter((number) => number % 3 !== 1)];
}

/** All entries of all pages. */
export async function all<Entry>(pages: AsyncIterable<readonly Entry[]>): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const page of pages) entries.push(...page);
  return entries;
}

/** One page after another, as a stage would give them. */
export async function* paged<Entry>(
  ...pages: readonly (readonly Entry[])[]
): AsyncIterable<readonly Entry[]> {
  yield* pages;
}
