import { describe, expect, it } from 'vitest';
import { type PersonRow, people, Runs } from './runs.ts';
import { type ScimmyServer, type Stored, startScimmy } from './scimmy-server.ts';
import { urns } from './world.ts';
import { isLong } from '../../long.ts';

const token = 'tok-4711-third-party';

/** Titles, activity and groups of the users as the server's store has them, by login. */
function stateOf(server: ScimmyServer): ReadonlyMap<string, string> {
  const membersOf = (group: Stored) =>
    (group.members as readonly { readonly value: string }[] | undefined) ?? [];
  return new Map(
    [...server.users.values()].map((user) => {
      const groups = [...server.groups.values()].filter((group) =>
        membersOf(group).some(({ value }) => value === user.id),
      );
      const roles = ((user.roles as readonly { value: string }[] | undefined) ?? []).map(
        ({ value }) => value,
      );
      const extension = user[urns.enterprise] as { department?: string } | undefined;
      const facts = [
        user.externalId,
        user.active,
        user.title,
        extension?.department,
        roles.toSorted().join(';'),
        groups.map(({ displayName }) => displayName).join(';'),
      ];
      return [String(user.userName), facts.join('|')];
    }),
  );
}

function expected(rows: readonly PersonRow[]): ReadonlyMap<string, string> {
  return new Map(
    rows.map((row) => {
      const roles = row.roles.split(';').toSorted().join(';');
      const facts = [row.id, row.status === 'Active', row.title, row.department, roles, row.groups];
      return [row.login, facts.join('|')];
    }),
  );
}

describe('a SCIM server that others wrote', () => {
  it.each([
    [isLong ? 1_000 : 90, 'with its own PATCH and bulk requests', {}],
    [80, 'with PUT alone', { use: { patch: false, bulk: false } }],
  ])(
    'goes through the full cycle with %i people, %s',
    async (count, _, settings) => {
      await using server = await startScimmy(token);
      using runs = new Runs();
      for (const [index, displayName] of ['Sales', 'Finance'].entries()) {
        const id = `g${index}`;
        server.groups.set(id, { id, displayName });
      }
      server.users.set('svc', { id: 'svc', userName: 'svc@example.com', active: true });
      const job = (leaver: object) =>
        runs.writeJob({
          target: {
            provider: 'scim',
            baseUrl: server.baseUrl,
            auth: { type: 'bearer', token: 'env:SCIM_TOKEN' },
            limits: { requestsPerSecond: 5_000, concurrency: 4 },
            sandbox: undefined,
            ...settings,
          },
          policy: { leavers: [leaver] },
        });
      const apply = () => runs.apply({ SCIM_TOKEN: token });
      const nothingSent = async (): Promise<void> => {
        const before = server.writes.length;
        const again = await apply();
        expect(again.code).toBe(0);
        expect(again.report.changes.total).toBe(0);
        expect(server.writes.length).toBe(before);
      };
      const service = ['svc@example.com', '|true||||'] as const;

      job({ disable: 'now' });
      const rows = people(count);
      runs.writeFeed(rows);
      const created = await apply();
      expect(created.code, created.stderr).toBe(0);
      expect(created.report.byOperation.create.succeeded).toBe(count);
      expect(server.writes.filter(({ kind, op }) => kind === 'user' && op === 'create')).toHaveLength(count);
      expect(stateOf(server)).toEqual(new Map([service, ...expected(rows)]));
      await nothingSent();

      // Update, rename, another group, disable; then what the feed does not map is untouched.
      const [first] = [...server.users.values()].filter(({ externalId }) => externalId === 'E1');
      if (first === undefined) throw new Error('The first person was not created.');
      const emails = [...(first.emails as object[]), { value: 'home@example.com', type: 'home' }];
      server.users.set(first.id, { ...first, nickName: 'Lou', emails });
      const changed = rows.map((row, index) => {
        if (index < 30) return { ...row, title: 'Changed', department: 'Audit', roles: 'Reader;Writer' };
        if (index < 34) return { ...row, login: `bea.moreau${index}@example.com` };
        if (index < 38) return { ...row, groups: 'Finance' };
        if (index < 54) return { ...row, status: 'Left' as const };
        return row;
      });
      runs.writeFeed(changed);
      const updated = await apply();
      expect(updated.code).toBe(0);
      expect(updated.report.byOperation.update.succeeded).toBe(38);
      expect(updated.report.byOperation.disable.succeeded).toBe(16);
      expect(stateOf(server)).toEqual(new Map([service, ...expected(changed)]));
      expect(server.users.get(first.id)).toMatchObject({ nickName: 'Lou', emails, title: 'Changed' });
      await nothingSent();

      const back = changed.map((row) => ({ ...row, status: 'Active' as const, roles: 'Reader' }));
      runs.writeFeed(back);
      const enabled = await apply();
      expect(enabled.code).toBe(0);
      expect(enabled.report.byOperation.enable.succeeded).toBe(16);
      expect(stateOf(server)).toEqual(new Map([service, ...expected(back)]));

      job({ remove: 'now' });
      const kept = back.slice(0, -12);
      runs.writeFeed(kept);
      const removed = await apply();
      expect(removed.code).toBe(0);
      expect(removed.report.byOperation.remove.succeeded).toBe(12);
      expect([...stateOf(server).keys()].toSorted()).toEqual(
        ['svc@example.com', ...kept.map(({ login }) => login)].toSorted(),
      );
      await nothingSent();
    },
    180_000,
  );
});
