import type { Ledger, Run } from '../../src/contracts/ledger.ts';
import type { Connection, Provider } from '../../src/contracts/provider.ts';
import type { FeedFacts } from '../../src/domain/feed-facts.ts';
import type { Attributes, User, Value } from '../../src/domain/user.ts';
import type { Job } from '../../src/job/job.ts';
import type { Target } from '../../src/run/connect-target.ts';
import type { OpenRun } from '../../src/run/open-run.ts';
import type { World } from '../../src/run/world.ts';
import { buildColumn, buildSettings, feedSha256, rules } from '../diff/build.ts';
import { virtualClock } from '../http/virtual-clock.ts';
import { fakeProvider } from '../job/fake-provider.ts';
import { run, scope } from '../ledger/build.ts';
import { plainForm } from '../report/build.ts';

// An invented vendor and the fakes around it: enough of a run to try a single stage of it.

export const nowMs = Date.parse('2026-06-02T00:00:00.000Z');

/** Sets an attribute per step; a role is a step of its own; what a look-up finds tells what took effect. */
export const provider: Provider = {
  ...fakeProvider,
  attributes: rules,
  steps: (need) =>
    Object.entries(need.after).map(([name, value]) => ({
      action: 'set',
      subject: name,
      values: { [name]: value },
    })),
  remembers: (user) => ({ roles: user.attributes.roles ?? [] }),
  applied: (step, user, userId) => ({
    id: userId,
    active: user?.active ?? true,
    attributes: { ...user?.attributes, ...step.values },
  }),
  verdict: (step, found) => {
    if (found === undefined) return 'cannotTell';
    return sameText(step.values, found.attributes) ? 'applied' : 'notApplied';
  },
  createOnly: (step) => step.action === 'add',
  idOf: (attributes) => (typeof attributes.userName === 'string' ? `id of ${attributes.userName}` : null),
};

function sameText(values: Attributes, found: Attributes): boolean {
  const text = (value: Value | null | undefined): string => JSON.stringify(value ?? null);
  return Object.entries(values).every(([name, value]) => text(found[name]) === text(value));
}

/** A target in which a look-up finds these users. */
export function buildTarget(users: readonly User[] = [], different: Partial<Provider> = {}): Target {
  const byId = new Map(users.map((user) => [user.id, user]));
  const connection: Pick<Connection, 'lookUp'> = {
    lookUp: async (sought) =>
      sought.map(({ userId, attributes }) => byId.get(userId ?? provider.idOf(attributes) ?? '')),
  };
  return {
    provider: { ...provider, ...different },
    connection: connection as Connection,
    baseUrl: scope.origin,
    traffic: () => ({ requests: 0, waitedMs: 0 }),
    close: async () => {},
  };
}

/** Of ten rows, proven whole. */
export const feedFacts: FeedFacts = {
  path: 'hr.csv',
  sha256: feedSha256,
  bytes: 1_000,
  modifiedAt: null,
  rows: 10,
  excluded: 0,
  partial: false,
  whole: 'proven',
  contradiction: null,
  columns: [],
  headers: [],
  empty: [],
  readable: 0,
  form: plainForm,
};

export function buildJob(): Job {
  const { policy } = buildSettings();
  const columns = Object.keys(rules).map((name) => buildColumn(name));
  return {
    name: scope.job,
    match: ['userName'],
    policy,
    feeds: [{ name: '', mode: 'full', action: null, columns }],
  } as unknown as Job;
}

export function buildOpen(ledger: Ledger, own: Run = run('now')): OpenRun {
  return {
    run: own,
    scope,
    ledger,
    memory: { completeReadAt: null, lastAppliedRun: null },
    directory: '',
    close: async () => {},
  };
}

export function buildWorld(): World {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  return { clock: virtualClock({ startMs: nowMs }), log } as unknown as World;
}
