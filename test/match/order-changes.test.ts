import { describe, expect, it } from 'vitest';
import type { Need, Operation, Step } from '../../src/domain/change.ts';
import type { PlannedNeed } from '../../src/match/order-changes.ts';
import { buildUser, type Sides, stage } from './build.ts';

// Users u1, u2 … have the logins p1@example.com, p2@example.com …

function loginOf(n: number): string {
  return `p${n}@example.com`;
}

function planned(
  n: number,
  operation: Operation,
  login: number | null,
  difference: Partial<Need> = {},
): PlannedNeed {
  const user = operation === 'create' ? null : buildUser(n);
  const values = login === null ? {} : { userName: loginOf(login) };
  const step: Step = { action: operation, subject: '', values };
  const aside: readonly Step[] = [{ ...step, values: { userName: 'rollcall-0' }, temporary: true }, step];
  const need: Need = {
    operation,
    key: `E${n}`,
    linkKey: `E${n}`,
    userId: user?.id ?? null,
    user,
    rows: [{ line: n + 1, cells: [] }],
    cause: 'feed',
    before: {},
    after: values,
    remember: null,
    conflict: null,
    ...difference,
  };
  return { need, steps: [step], ...(operation === 'update' ? { aside } : {}) };
}

interface Settings {
  readonly leaversFirst?: boolean;
  readonly isHeld?: (need: Need) => boolean;
  readonly sides?: Sides;
}

function ordered(
  changes: readonly PlannedNeed[],
  { leaversFirst = false, isHeld = () => false, sides = {} }: Settings = {},
): readonly PlannedNeed[] {
  const { matching, remove } = stage(sides, { userName: { caseExact: false, unique: true } });
  try {
    for (const change of changes) matching.addChange(change);
    matching.orderChanges({ leaversFirst, isHeld });
    return [...matching.changes()];
  } finally {
    remove();
  }
}

/** `E1`, `E1 1`, `E1 2 after 1,3`, `E1 conflict CODE`: the wave of the last step, and what it waits for. */
function told({ need, steps }: PlannedNeed): string {
  if (need.conflict !== null) return `${need.key} conflict ${need.conflict.code}`;
  const { wave, after = [] } = steps.at(-1) ?? {};
  return [need.key, wave, after.length > 0 ? `after ${after.join()}` : ''].filter((part) => part).join(' ');
}

const toldOf = (...given: Parameters<typeof ordered>): readonly string[] => ordered(...given).map(told);

describe('the order of changes', () => {
  it('stays as it is where nobody takes what another one has', () => {
    const changes = [planned(1, 'update', 7), planned(2, 'remove', null), planned(3, 'create', 8)];
    expect(toldOf(changes)).toEqual(['E2', 'E1', 'E3']);
    expect(ordered(changes).map(({ steps }) => steps)).toEqual(
      [changes[1], changes[0], changes[2]].map((one) => one?.steps),
    );
  });

  it('lets whoever takes a value wait for the change that frees it, known by its position', () => {
    expect(toldOf([planned(1, 'update', 2), planned(2, 'update', 3), planned(3, 'remove', null)])).toEqual([
      'E3',
      'E2 1 after 1',
      'E1 2 after 2',
    ]);
  });

  it('compares values as the target does', () => {
    const changes = [
      planned(1, 'update', null, { after: { userName: 'P2@Example.com' } }),
      planned(2, 'remove', null),
    ];
    expect(toldOf(changes)).toEqual(['E2', 'E1 1 after 1']);
  });

  it('frees nothing by a change of case, or by a disable', () => {
    const cased = planned(2, 'update', null, { after: { userName: 'P2@example.com' } });
    expect(toldOf([planned(1, 'update', 2), cased])).toEqual(['E1', 'E2']);
    expect(toldOf([planned(1, 'update', 2), planned(2, 'disable', null)])).toEqual(['E2', 'E1']);
  });

  it('lists whoever steps aside where the temporary value is sent', () => {
    const changes = ordered([planned(1, 'update', 2), planned(2, 'update', 1)]);
    expect(changes.map(told)).toEqual(['E1 2 after 2', 'E2 1 after 1']);
    expect(changes[0]?.steps[0]).toMatchObject({ temporary: true });
    expect(changes[0]?.steps[0]).not.toHaveProperty('wave');
  });

  it('gives up on who waits for a conflict, or for what is held, and leaves the held change as it is', () => {
    const conflict = { code: 'DRIFT', message: '' };
    expect(toldOf([planned(1, 'create', 2), planned(2, 'update', 3, { conflict })])).toEqual([
      'E2 conflict DRIFT',
      'E1 conflict WAITS_FOR',
    ]);
    const held = { isHeld: ({ operation }: Need) => operation === 'remove' };
    expect(toldOf([planned(1, 'create', 2), planned(2, 'remove', null)], held)).toEqual([
      'E2',
      'E1 conflict WAITS_FOR',
    ]);
  });

  it('gives up on who takes what somebody keeps, and on who waits for that one', () => {
    const sides = { users: [1, 2, 9].map((n) => buildUser(n)) };
    const changes = [planned(1, 'update', 2), planned(2, 'update', 9), planned(3, 'create', 1)];
    expect(toldOf(changes, { sides })).toEqual([
      'E1 conflict WAITS_FOR',
      'E2 conflict WAITS_FOR',
      'E3 conflict WAITS_FOR',
    ]);
  });

  it('is leavers first only where the job says so and somebody leaves', () => {
    const [comes, leaves] = [planned(1, 'create', 7), planned(2, 'disable', null)];
    expect(toldOf([comes, leaves])).toEqual(['E2', 'E1']);
    expect(toldOf([comes, leaves], { leaversFirst: true })).toEqual(['E2', 'E1 1']);
    expect(toldOf([comes], { leaversFirst: true })).toEqual(['E1']);
  });
});
