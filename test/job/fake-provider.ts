import { z } from 'zod';
import { type Connection, fullUndo, type Provider } from '../../src/contracts/provider.ts';

const Reference = z.string().regex(/^(env|file):.+$/, 'must be env:NAME or file:PATH');

export const FakeConfig = z.strictObject({
  auth: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('basic'), username: z.string(), password: Reference }),
    z.strictObject({ type: z.literal('bearer'), token: Reference, tokenUrl: z.string().optional() }),
  ]),
  tenant: z.string().optional(),
  scheme: z.enum(['north', 'south']).default('north'),
});

/** A provider without a world behind it: what a job file may say depends on nothing else. */
export const fakeProvider: Provider<z.infer<typeof FakeConfig>> = {
  id: 'acme',
  title: 'Acme Directory',
  config: FakeConfig,
  supports: {
    operations: ['create', 'update', 'disable', 'remove'],
    undo: {
      create: { extent: 'partly', lost: 'the user stays, disabled' },
      update: fullUndo,
      disable: fullUndo,
      remove: { extent: 'no', lost: 'the user is gone' },
    },
    listAll: true,
    listIsComplete: true,
    lookUp: true,
    initialPassword: true,
  },
  limits: {
    rates: [{ requests: 10, perMs: 1000 }],
    concurrency: 2,
    batchSize: 100,
    batchBytes: 1_000_000,
    requestTimeoutMs: 30_000,
  },
  attributes: {
    userName: { type: 'string', caseExact: false, writable: 'onCreate', required: true },
    'name.familyName': { type: 'string', caseExact: true, writable: 'always', required: false },
    'emails.work': { type: 'string', caseExact: false, writable: 'always', required: false, format: 'email' },
    roles: { type: 'set', caseExact: true, writable: 'always', required: false },
    lastLogin: { type: 'string', caseExact: true, writable: 'never', required: false },
  },
  idOf: () => null,
  review: (config, asked) =>
    config.tenant === 'shared' && asked.policy.leavers.some((rule) => rule.operation === 'remove')
      ? [{ severity: 'error', path: ['policy', 'leavers'], message: 'The shared tenant cannot lose users.' }]
      : [],
  steps: () => [],
  remembers: () => ({}),
  unlisted: (user) => user,
  applied: (_, user, userId) => user ?? { id: userId, active: true, attributes: {} },
  verdict: () => 'cannotTell',
  createOnly: () => false,
  connect: () => Promise.reject<Connection>(new Error('A job is read without a connection.')),
};

/** Can do less: no list, no look-up, no removal, no update. */
export const poorProvider: Provider<z.infer<typeof FakeConfig>> = {
  ...fakeProvider,
  id: 'poor',
  title: 'Poor Directory',
  supports: {
    operations: ['create'],
    undo: { create: { extent: 'no', lost: 'there is no call that takes a user back' } },
    listAll: false,
    listIsComplete: false,
    lookUp: false,
    initialPassword: false,
  },
};

export const fakeProviders: Readonly<Record<string, Provider>> = { acme: fakeProvider, poor: poorProvider };
