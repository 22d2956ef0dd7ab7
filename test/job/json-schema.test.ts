import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jobJsonSchema } from '../../src/job/json-schema.ts';
import { starterJob } from '../../src/job/starter.ts';
import { providers } from '../../src/providers/registry.ts';
import { fakeProviders } from './fake-provider.ts';
import { aJob, problemsOf, validTarget, withColumns, withTarget, withTargets } from './job-world.ts';

const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(
  jobJsonSchema(fakeProviders),
);

const validJobs: readonly (readonly [string, object])[] = [
  ['a plain job', aJob()],
  ['a sandbox', aJob({ target: { provider: 'acme', sandbox: { rate: '5/s' }, scheme: 'south' } })],
  ['limits as a list', withTarget({ limits: ['5/s'] })],
  [
    'guards of every form',
    aJob({ guards: { creates: '5%', updates: 3, removals: { percent: 5, count: 2 } } }),
  ],
  ['leavers', aJob({ policy: { leavers: [{ disable: 'now' }, { remove: 'after 90d' }] } })],
  ['status words', withColumns({ active: { from: 'S', active: [1, true, 'a'], leaver: [0] } })],
  ['environments', aJob({ environments: { test: { target: { auth: { password: 'env:P' } } } } })],
  [
    'several targets',
    withTargets({ name: 'north' }, { sandbox: true, columns: { roles: 'R' }, baseUrl: undefined }),
  ],
  [
    'a target with a match, a policy, guards and a first load of its own',
    withTargets({
      match: ['userName'],
      policy: { leavers: [] },
      guards: { creates: 3 },
      firstLoad: true,
      scheme: 'south',
    }),
  ],
  [
    'environments of several targets',
    { ...withTargets({}), environments: { test: { targets: { acme: { sandbox: true } } } } },
  ],
];

const invalidJobs: readonly (readonly [string, object])[] = [
  ['an unknown field', aJob({ polcy: {} })],
  ['a missing name', aJob({ name: undefined })],
  ['an unknown provider', withTarget({ provider: 'nobody' })],
  ['an unknown field of the target', withTarget({ tennant: 'x' })],
  ["a wrong word in the provider's own field", withTarget({ scheme: 'west' })],
  ["another type's credentials", withTarget({ auth: { type: 'basic', token: 'env:TOKEN' } })],
  ['a literal secret', withTarget({ auth: { ...(validTarget.auth as object), password: 'hunter2' } })],
  ['an unknown attribute', withColumns({ 'emails.wrk': 'Email' })],
  ['a read-only attribute', withColumns({ lastLogin: 'Seen' })],
  ['a guard with a space', aJob({ guards: { creates: '5 %' } })],
  ['a leaver rule in words', aJob({ policy: { leavers: [{ disable: 'soon' }] } })],
  ['a limit of nothing', withTarget({ limits: { concurrency: 0 } })],
  ['a target beside several', { ...aJob(), ...withTargets({}), target: validTarget }],
  ['neither a target nor several', aJob({ target: undefined })],
  ['a list of no targets', withTargets()],
  ['an unknown field of one of several targets', withTargets({ tennant: 'x' })],
  ['an attribute that one of several targets does not know', withTargets({ columns: { 'emails.wrk': 'E' } })],
  ['a provider in an environment', aJob({ environments: { test: { target: { provider: 'poor' } } } })],
];

/** As an editor sees it: what is undefined is not there. */
const written = (job: object): unknown => JSON.parse(JSON.stringify(job));

describe('the JSON Schema of a job', () => {
  it.each(validJobs)('takes %s, as the program does', async (_, job) => {
    expect(validate(written(job)), JSON.stringify(validate.errors)).toBe(true);
    expect(await problemsOf({ ...job })).toEqual([]);
  });

  it.each(invalidJobs)('refuses %s, as the program does', async (_, job) => {
    expect(validate(written(job))).toBe(false);
    expect(await problemsOf(JSON.stringify(job))).not.toEqual([]);
  });

  it.each(['misspelt-fields', 'bad-guards', 'not-yet-supported', 'missing-fields'])(
    'refuses the broken job %s',
    (name) => {
      expect(validate(parse(readFileSync(`fixtures/job/broken/${name}.yaml`, 'utf8')))).toBe(false);
    },
  );

  it('describes every field to the editor', () => {
    const { properties } = jobJsonSchema(fakeProviders) as {
      properties: Record<string, { description?: string }>;
    };
    const silent = Object.entries(properties).filter(([, field]) => !field.description);
    expect(silent).toEqual([]);
  });

  it('takes the starter job with the real providers', () => {
    const real = new Ajv2020({ allowUnionTypes: true, validateFormats: false }).compile(
      jobJsonSchema(providers),
    );
    expect(real(parse(starterJob)), JSON.stringify(real.errors)).toBe(true);
  });
});
