import { describe, expect, it } from 'vitest';
import type { Need } from '../../src/domain/change.ts';
import type { Attributes } from '../../src/domain/user.ts';
import { oracleEpm } from '../../src/providers/oracle-epm/index.ts';
import { rsaIdPlus } from '../../src/providers/rsa-id-plus/index.ts';
import { scim } from '../../src/providers/scim/index.ts';
import { stepsAside } from '../../src/run/step-aside.ts';

const held: Attributes = {
  userName: 'ada',
  'name.givenName': 'Ada',
  'emails.work': 'ada@example.com',
};

function needOf(after: Attributes, difference: Partial<Need> = {}): Need {
  return {
    operation: 'update',
    key: 'E1',
    linkKey: 'e1',
    userId: 'u1',
    user: { id: 'u1', active: true, attributes: held },
    rows: [],
    cause: 'feed',
    before: Object.fromEntries(Object.keys(after).map((name) => [name, held[name] ?? null])),
    after,
    remember: null,
    conflict: null,
    ...difference,
  };
}

const temporary = expect.stringMatching(/^rollcall-[0-9a-f]{10}@example\.com$/);

describe('stepping aside', () => {
  it('writes a temporary value in the same domain, and nothing else, before all that the person needs', () => {
    const steps = stepsAside(
      needOf({ 'emails.work': 'bob@example.com', 'name.givenName': 'Bo' }),
      rsaIdPlus,
      {},
    );
    expect(steps).toMatchObject([
      { action: 'update', temporary: true, values: { 'emails.work': temporary } },
      { action: 'update', values: { 'emails.work': 'bob@example.com', 'name.givenName': 'Bo' } },
    ]);
    expect(steps?.[0]?.values).not.toHaveProperty(['name.givenName']);
    expect(steps?.[1]).not.toHaveProperty('temporary');
  });

  it('knows that the user is found under the temporary value from then on', () => {
    const [letsGo, goesOn] = stepsAside(needOf({ 'emails.work': 'bob@example.com' }), rsaIdPlus, {}) ?? [];
    expect(letsGo?.values['was.emails.work']).toBe('ada@example.com');
    expect(goesOn?.values['was.emails.work']).toBe(letsGo?.values['emails.work']);
  });

  it('gives the same value for the same person, and others for others', () => {
    const need = needOf({ userName: 'bob' });
    const first = stepsAside(need, scim, {})?.[0]?.values.userName;
    expect(first).toMatch(/^rollcall-[0-9a-f]{10}$/);
    expect(stepsAside(need, scim, {})?.[0]?.values.userName).toBe(first);
    expect(stepsAside({ ...need, linkKey: 'e2' }, scim, {})?.[0]?.values.userName).not.toBe(first);
  });

  it.each([
    ['a value that others may have, too', scim, needOf({ 'emails.work': 'bob@example.com' })],
    ['a value that stays the same but for its case', scim, needOf({ userName: 'ADA' })],
    ['a login that the target never changes', oracleEpm, needOf({ userName: 'bob' })],
    ['a user who is enabled', scim, needOf({ userName: 'bob' }, { operation: 'enable' })],
    ['a user who is created', scim, needOf({ userName: 'bob' }, { operation: 'create', user: null })],
  ] as const)('is not for %s', (_, provider, need) => {
    expect(stepsAside(need, provider, {})).toBeUndefined();
  });
});
