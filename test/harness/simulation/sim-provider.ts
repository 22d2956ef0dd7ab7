import type { Connection, Item, Pending, Provider } from '../../../src/contracts/provider.ts';
import type { Outcome, Step } from '../../../src/domain/change.ts';
import { TargetFailure } from '../../../src/domain/failure.ts';
import type { Limits } from '../../../src/domain/settings.ts';
import type { User } from '../../../src/domain/user.ts';
import { createLimiter } from '../../../src/http/limiter.ts';
import { createPatience } from '../../../src/http/patience.ts';
import type { World } from '../../../src/run/world.ts';
import { fakeProvider } from '../../job/fake-provider.ts';
import { applied, setOf, stepsOf } from '../../run/user-steps.ts';
import type { ItemAnswer, Knowing, SimUser } from './sim-target.ts';
import type { Ask, SimWire } from './sim-wire.ts';

const text = { type: 'string', caseExact: true, writable: 'always', required: false } as const;

const attributes: Provider['attributes'] = {
  externalId: text,
  userName: { ...text, required: true },
  title: text,
  roles: { ...text, type: 'set' },
};

export interface SimProviderSettings {
  readonly knowing: Knowing;
  readonly limits: Limits;
}

/** A provider of the simulated target; its requests go the real way, with the wire in place of the network. */
export function simProvider(
  { knowing, limits }: SimProviderSettings,
  wireOf: () => { readonly wire: SimWire; readonly world: World },
): Provider {
  return {
    ...fakeProvider,
    supports: {
      ...fakeProvider.supports,
      operations: ['create', 'update', 'enable', 'disable', 'remove'],
      undo: { ...fakeProvider.supports.undo, enable: { extent: 'full', lost: null } },
    },
    limits,
    attributes,
    idOf: ({ userName }) =>
      knowing === 'createOnly' && typeof userName === 'string' ? userName.toLowerCase() : null,
    steps: (need, _, restore) => stepsOf(need, restore),
    applied,
    verdict: (step, found) => (knowing === 'blind' ? 'cannotTell' : verdictOf(step, found, knowing)),
    createOnly: ({ action }) => knowing === 'createOnly' && action === 'create',
    connect: async () => {
      const { wire, world } = wireOf();
      return connection(wire, world, limits);
    },
  };
}

function verdictOf(
  { action, subject, values }: Step,
  found: User | undefined,
  knowing: Knowing,
): 'applied' | 'notApplied' | 'cannotTell' {
  if (action === 'remove') return found === undefined ? 'applied' : 'notApplied';
  if (action === 'create' && knowing === 'createOnly') return 'cannotTell';
  if (found === undefined) return action === 'create' ? 'notApplied' : 'cannotTell';
  const roles = setOf(found.attributes.roles);
  if (action === 'give') return roles.includes(subject) ? 'applied' : 'notApplied';
  if (action === 'take') return roles.includes(subject) ? 'notApplied' : 'applied';
  if (action === 'disable') return found.active ? 'notApplied' : 'applied';
  if (action === 'enable' && !found.active) return 'notApplied';
  const isThere = Object.entries(values).every(([name, value]) => found.attributes[name] === value);
  return isThere ? 'applied' : 'notApplied';
}

function connection(wire: SimWire, world: World, limits: Limits): Connection {
  const patience = createPatience({
    limits,
    limiter: createLimiter(limits.rates, world.clock, limits),
    clock: world.clock,
    random: world.random,
    stop: world.signal,
    origin: 'https://directory.example.com',
  });
  const request = async (ask: Ask, safe: boolean): Promise<{ status: number; body: unknown }> => {
    const errand = { request: { method: safe ? 'GET' : 'POST', safe }, what: ask.kind } as const;
    const answer = await patience.carry(errand, async ({ timeoutMs, onOver }) => {
      try {
        return await wire.send(ask, timeoutMs);
      } finally {
        onOver();
      }
    });
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  };
  const read = async (ask: Ask): Promise<unknown> => {
    const { status, body } = await request(ask, true);
    if (status !== 200) throw new TargetFailure({ trouble: 'unavailable', message: `Status ${status}.` });
    return body;
  };
  return {
    async *readUsers() {
      yield ((await read({ kind: 'list' })) as readonly SimUser[]).map(userOf);
    },
    lookUp: async (sought) => {
      const ids = sought.map(({ userId }) => userId);
      const keys = sought.map((one) => String(one.attributes.externalId ?? ''));
      const users = (await read({ kind: 'find', ids, keys })) as readonly (SimUser | null)[];
      return users.map((user) => (user === null ? undefined : userOf(user)));
    },
    bodyBytes: () => 100,
    write: async (items) => {
      const [first] = items;
      const { action = '', subject = '' } = first?.step ?? {};
      const sent = items.map(({ userId, step: { values } }) => ({ id: userId, values }));
      const { status, body } = await request({ kind: 'write', action, subject, items: sent }, false);
      if (status === 400) throw new TargetFailure({ trouble: 'refused', message: 'Refused.' });
      if (status === 503) throw new TargetFailure({ trouble: 'unavailable', message: 'Status 503.' });
      if (status === 202) return pendings(items, Number(body), read);
      return (body as readonly ItemAnswer[]).map(outcomeOf);
    },
    ownId: null,
    close: async () => {},
  };
}

/** A batch that became a task: each item asks for it by itself. */
function pendings(
  items: readonly Item[],
  task: number,
  read: (ask: Ask) => Promise<unknown>,
): readonly Pending[] {
  return items.map((_, index) => ({
    result: 'pending',
    checkAfterMs: 200,
    check: async () => {
      const answers = (await read({ kind: 'task', task })) as readonly ItemAnswer[];
      return outcomeOf(answers[index] ?? { code: 'refused', id: null });
    },
  }));
}

function outcomeOf({ code, id }: ItemAnswer): Outcome {
  const plain = { message: null, userId: id };
  if (code === 'ok') return { ...plain, result: 'succeeded', errorCode: null, providerCode: null };
  if (code === 'exists')
    return { ...plain, result: 'conflict', errorCode: 'ALREADY_EXISTS', providerCode: 'SIM-EXISTS' };
  return { ...plain, result: 'failed', errorCode: 'REFUSED', providerCode: `SIM-${code}` };
}

function userOf({ id, active, externalId, userName, title, roles }: SimUser): User {
  return { id, active, attributes: { externalId, userName, title, roles } };
}
