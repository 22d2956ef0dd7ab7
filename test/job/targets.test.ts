import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { namedTargetFieldNames } from '../../src/job/job.ts';
import { selectTargets } from '../../src/job/select-targets.ts';
import { providers } from '../../src/providers/registry.ts';
import { aJob, messagesOf, problemsOf, read, validTarget, withTargets } from './job-world.ts';

const south = { name: 'south', baseUrl: 'https://south.example.com' };

describe('a job with several targets', () => {
  it('is one job for each, in their order, with name, ledger and feed in common', async () => {
    const { jobs, job, isList } = await read(withTargets({}, south));
    expect(isList).toBe(true);
    expect(jobs.map(({ target }) => [target.name, target.origin])).toEqual([
      ['acme', 'https://acme.example.com/gateway'],
      ['south', 'https://south.example.com'],
    ]);
    expect(job).toBe(jobs[0]);
    const shared = jobs.map(({ name, ledger, feeds, sha256 }) => ({ name, ledger, feeds, sha256 }));
    expect(shared[1]).toEqual(shared[0]);
  });

  it('is a list even with one target, and a job with `target` is none', async () => {
    expect((await read(withTargets({}))).isList).toBe(true);
    expect((await read(aJob())).isList).toBe(false);
  });

  it('lets a target lay columns, policy and guards over those of the job', async () => {
    const difference = {
      ...south,
      columns: { 'emails.work': 'Email', externalId: { from: 'Badge', empty: 'reject' } },
      match: ['emails.work', 'userName'],
      policy: { leavers: [] },
      guards: { creates: 7 },
      firstLoad: true,
    };
    const { jobs } = await read({
      ...withTargets({}, difference),
      policy: { create: false, leavers: [{ disable: 'now' }] },
      guards: { creates: '1%', removals: 10 },
    });
    const [plain, own] = jobs;
    expect(plain?.feeds[0]?.columns.map(({ attribute }) => attribute)).toEqual(['externalId', 'userName']);
    expect(plain).toMatchObject({ match: ['userName'], firstLoad: false });
    expect(own?.feeds[0]?.columns.map(({ attribute, from }) => [attribute, ...from])).toEqual([
      ['externalId', 'Badge'],
      ['userName', 'Login'],
      ['emails.work', 'Email'],
    ]);
    expect(own).toMatchObject({ match: ['emails.work', 'userName'], firstLoad: true });
    // What the target does not speak of stays: it is not loosened by the way.
    expect(own?.policy).toMatchObject({ create: false, update: true, onLeave: 'keep', leavers: [] });
    expect(own?.guards).toMatchObject({
      creates: { percent: null, count: 7 },
      removals: { percent: null, count: 10 },
    });
  });

  it('takes a name that YAML reads as a number as it is spelt', async () => {
    const { jobs } = await read(withTargets({ ...south, name: 7 }));
    expect(jobs[0]?.target.name).toBe('7');
  });

  it('refuses two targets of one address, however it is spelt', async () => {
    const twin = { name: 'twin', baseUrl: 'https://ACME.example.com:443/gateway' };
    expect(await problemsOf(withTargets({}, twin))).toMatchObject([
      { path: 'targets.1.baseUrl', message: '`acme` is the same target: https://acme.example.com/gateway' },
    ]);
  });

  it('refuses two sandboxes of one provider, which would be one target', async () => {
    const sandbox = { provider: 'acme', sandbox: true };
    const { target: _, ...job } = aJob();
    expect(await problemsOf({ ...job, targets: [sandbox, { ...sandbox, name: 'b' }] })).toMatchObject([
      { path: 'targets.1.sandbox', message: '`acme` is the same target: sandbox:acme' },
    ]);
  });

  it('refuses two targets of one name, given or by the provider', async () => {
    expect(await messagesOf(withTargets({}, { ...south, name: 'acme' }))).toEqual([
      'another target is called `acme` already',
    ]);
  });

  it('reports what the provider knows to be wrong where the cause stands: in the target or in the job', async () => {
    const text = (shared: string, own: string) => `name: hr
feed:
  path: hr.csv
  columns: { userName: Login }
match: userName
${shared}
targets:
  - { provider: acme, sandbox: true }
  - name: south
    provider: acme
    baseUrl: https://south.example.com
    auth: { type: bearer, token: env:T }
    tenant: shared
${own}
`;
    const removes = 'policy: { leavers: [ { remove: now } ] }';
    const message = 'The shared tenant cannot lose users.';
    expect(await problemsOf(text('', `    ${removes}`))).toMatchObject([
      { line: 14, column: 24, message, targets: ['south'] },
    ]);
    expect(await problemsOf(text(removes, ''))).toMatchObject([
      { line: 6, column: 20, message, targets: ['south'] },
    ]);
  });

  it('reports what is wrong for all targets alike once', async () => {
    expect(await problemsOf({ ...withTargets({}, south), match: 'emails.work' })).toMatchObject([
      { message: '`match` names `emails.work`, which has no column', targets: ['acme', 'south'] },
    ]);
  });
});

describe('an environment of a job with several targets', () => {
  const environments = {
    test: { targets: { south: { baseUrl: 'https://south.example.net', limits: { concurrency: 1 } } } },
  };

  it('is laid over the targets that it names', async () => {
    const { jobs } = await read({ ...withTargets({}, south), environments }, { environment: 'test' });
    expect(jobs.map(({ target }) => [target.origin, target.limits.concurrency])).toEqual([
      ['https://acme.example.com/gateway', 2],
      ['https://south.example.net', 1],
    ]);
  });

  it('may not give two targets one address', async () => {
    const same = { test: { targets: { south: { baseUrl: validTarget.baseUrl } } } };
    const job = { ...withTargets({}, south), environments: same };
    expect(await messagesOf(job)).toEqual([]);
    expect(await problemsOf(job, { environment: 'test' })).toMatchObject([
      {
        path: 'environments.test.targets.south.baseUrl',
        message: expect.stringContaining('`acme` is the same'),
      },
    ]);
  });

  it('has its problems reported at its own lines, once, by the name of the target', async () => {
    const text = `name: hr
feed:
  path: hr.csv
  columns: { userName: Login }
match: userName
targets:
  - { provider: poor, sandbox: true }
  - name: south
    provider: acme
    auth: { type: basic, username: svc, password: env:P }
state: { from: ledger }
policy: { update: false }
environments:
  test:
    targets:
      south:
        baseUrl: http://south.example.com
        limits: { concurrency: 0 }
        auth: { password: hunter2 }
`;
    const problems = await problemsOf(text, { environment: 'test' });
    expect(problems.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      '17:18 `targets.south.baseUrl` must be https',
      '18:32 `targets.south.limits.concurrency` must be at least 1',
      '19:27 `targets.south.auth.password` is not a reference; secrets never stand in a job file',
    ]);
  });

  it('that speaks of a list where the job has one target is refused, chosen or not', async () => {
    expect(await problemsOf({ ...aJob(), environments })).toMatchObject([
      { path: 'environments.test.targets', message: 'this job has one `target`, and its environments too' },
    ]);
  });
});

describe('a secret in one of several targets', () => {
  it.each([
    [{ auth: { type: 'bearer', token: 'hunter2' } }],
    [{ auth: { type: 'hunter2' } }],
    [{ password: 'hunter2' }],
    [{ baseUrl: 'https://hunter2@acme.example.com' }],
  ])('%j is refused and never repeated', async (difference) => {
    const problems = await problemsOf(withTargets(difference));
    expect(problems).not.toEqual([]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});

describe('choosing targets', () => {
  it('keeps the order of the job, and takes all when none is named', async () => {
    const { jobs } = await read(withTargets({}, south));
    const names = (chosen: readonly string[]) => selectTargets(jobs, chosen).map(({ target }) => target.name);
    expect(names([])).toEqual(['acme', 'south']);
    expect(names(['south', 'acme', 'south'])).toEqual(['acme', 'south']);
    expect(names(['south'])).toEqual(['south']);
  });

  it('refuses a name that no target has, and suggests the nearest', async () => {
    const { jobs } = await read(withTargets({}, south));
    expect(() => selectTargets(jobs, ['soth'])).toThrow(/no target `soth`, did you mean `south`\?/);
  });
});

it('no provider has a field of its own that an entry of `targets` has from core', () => {
  for (const provider of Object.values(providers)) {
    const { properties = {} } = z.toJSONSchema(provider.config, { io: 'input', unrepresentable: 'any' });
    const shared = Object.keys(properties).filter((name) => namedTargetFieldNames.includes(name));
    expect(shared, provider.id).toEqual([]);
    expect(Object.keys(properties), provider.id).not.toEqual([]);
  }
});
