import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Item } from '../../src/contracts/provider.ts';
import type { Need, Outcome } from '../../src/domain/change.ts';
import { TargetFailure } from '../../src/domain/failure.ts';
import type { Attributes, User } from '../../src/domain/user.ts';
import { openFeed } from '../../src/feed/read-feed.ts';
import { firstFeed, type Job } from '../../src/job/job.ts';
import { readJob } from '../../src/job/read-job.ts';
import { providers } from '../../src/providers/registry.ts';
import { connectTarget, type Target } from '../../src/run/connect-target.ts';
import { sandboxes } from '../../src/sandboxes/registry.ts';
import { quietWorld } from './quiet-world.ts';

/*
 * What every provider promises, held for each line of the registry against its own sandbox in a process of its own.
 * A sandbox misbehaves by the login that a request names, so one faults file serves all.
 */

/** Codes of vendors that have one form for all of theirs; any word will do for the others. */
const refusalCodes: Readonly<Record<string, string>> = { 'oracle-epm': 'EPMCSS-21143' };

const faultsOf = (id: string) => ({
  'busy.seconds': { status: 429, retryAfter: 2 },
  'busy.date': { status: 429, retryAfter: 'date' },
  'busy.none': { status: 429 },
  broken: { status: 500, body: 'out of order' },
  page: { html: true },
  moved: { status: 302, headers: { location: 'https://elsewhere.example.com/' } },
  lost: { drop: 'after' },
  unheard: { drop: 'before' },
  refused: {
    refuse: { errorcode: refusalCodes[id] ?? 'SANDBOX_4711', errormessage: 'Refused for the test.' },
  },
});
type Fault = keyof ReturnType<typeof faultsOf>;

const loginOf = (name: string): string => `conform.${name}@example.com`;
describe.each(Object.keys(providers))('the provider %s', (id) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rollcall-conformance-'));
  let target: Target;
  let example: Attributes;
  let spent = 0;
  /** Everything that was said of a trouble. */
  const said: string[] = [];

  beforeAll(async () => {
    const job = await exampleJob(id, folder);
    example = await fullestPerson(job);
    target = await connectTarget(
      job,
      quietWorld(() => {
        spent += 1;
      }),
    );
  });
  afterAll(async () => {
    await target?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Somebody like a person of the example's feed, with a login of their own. */
  const attributesOf = (name: string): Attributes => {
    const own = { userName: loginOf(name), 'emails.work': loginOf(name), externalId: `conform-${name}` };
    const { groups: _, manager: __, ...shared } = example;
    return known({ ...shared, ...own });
  };
  const known = (attributes: Attributes): Attributes =>
    Object.fromEntries(
      Object.entries(attributes).filter(
        ([name]) => (target.provider.attributes[name]?.writable ?? 'never') !== 'never',
      ),
    );
  const needOf = (
    operation: Need['operation'],
    user: User | null,
    before: Attributes,
    after: Attributes,
  ): Need => ({
    operation,
    key: 'E1',
    linkKey: 'E1',
    userId: user?.id ?? null,
    user,
    rows: [],
    cause: 'feed',
    before,
    after,
    remember: null,
    conflict: null,
  });
  const createItem = (name: string): Item => {
    const attributes = attributesOf(name);
    const [step] = target.provider.steps(needOf('create', null, {}, attributes), null, null, attributes);
    if (step === undefined) throw new Error('A create takes no step.');
    return { step, userId: null, key: `key of ${name}`, attributes };
  };
  const write = async (items: readonly Item[], { connection } = target): Promise<readonly Outcome[]> => {
    const answers = await connection.write(items);
    return Promise.all(
      answers.map(async (answer) => {
        let current = answer;
        for (let tries = 0; current.result === 'pending' && tries < 50; tries += 1) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          current = await current.check();
        }
        if (current.result === 'pending') throw new Error('The task never ended.');
        return current;
      }),
    );
  };
  /** What became of a create under a fault: its outcome, or the typed failure. */
  const createUnder = async (fault: Fault, under = target): Promise<Outcome | TargetFailure> => {
    try {
      const [outcome] = await write([createItem(fault)], under);
      if (outcome === undefined) throw new Error('No outcome.');
      said.push(JSON.stringify(outcome.message));
      return outcome;
    } catch (failure) {
      if (!(failure instanceof TargetFailure)) throw failure;
      said.push(JSON.stringify([failure.message, failure.hint, failure.providerCode]));
      return failure;
    }
  };
  const lookUp = async (name: string): Promise<User | undefined> => {
    const [user] = await target.connection.lookUp([{ userId: null, attributes: attributesOf(name) }]);
    return user;
  };

  it('has a sandbox, a title, limits and an order of operations', () => {
    expect(sandboxes.map((sandbox) => sandbox.id)).toContain(id);
    expect(target.provider.title).not.toBe('');
    expect(target.provider.limits.rates.length).toBeGreaterThan(0);
    expect(target.provider.supports.operations).toContain('create');
    expect(target.provider.attributes.userName?.required).toBe(true);
  });

  it('says of each operation how far it can be undone, and what is lost where not all comes back', () => {
    const { operations, undo } = target.provider.supports;
    expect(Object.keys(undo).sort()).toEqual([...operations].sort());
    for (const { extent, lost } of Object.values(undo)) expect(lost === null).toBe(extent === 'full');
  });

  it('gives one outcome for each item, in their order', async () => {
    const names = ['first', 'second', 'third'].slice(0, target.provider.limits.batchSize);
    const outcomes = await write(names.map(createItem));
    expect(outcomes.map(({ result }) => result)).toEqual(names.map(() => 'succeeded'));
  });

  it('refuses a batch that is too large before any call', async () => {
    const before = spent;
    const { batchSize } = target.provider.limits;
    const items = Array.from({ length: batchSize + 1 }, (_, index) => createItem(`many.${index}`));
    await expect(target.connection.write(items)).rejects.not.toBeInstanceOf(TargetFailure);
    expect(spent).toBe(before);
  });

  it.each(['busy.seconds', 'busy.date', 'busy.none'] as const)(
    'passes on a request to slow down (%s)',
    async (fault) => {
      // Who only ever asks to slow down is not waited for long, and its pauses are nobody else's.
      const job = await exampleJob(id, folder);
      const limits = { ...job.target.limits, waitMaxMs: 900 };
      const ledger = path.join(folder, `${fault}.db`);
      const impatient = { ...job, ledger, target: { ...job.target, limits } };
      const busy = await connectTarget(impatient, quietWorld());
      try {
        const failure = await createUnder(fault, busy);
        expect(failure).toMatchObject({ trouble: 'throttled', givenUp: true });
        const asked = failure instanceof TargetFailure ? failure.retryAfterMs : null;
        if (fault !== 'busy.none') expect(asked).toBeGreaterThan(0);
      } finally {
        await busy.close();
      }
    },
  );

  it('takes a server error as no answer about the write', async () => {
    expect(await createUnder('broken')).toMatchObject({ trouble: 'unavailable' });
  });

  it('takes a page of HTML as no answer about the write', async () => {
    const said = await createUnder('page');
    if (said instanceof TargetFailure) expect(said).toMatchObject({ trouble: 'unreadable' });
    else expect(said).toMatchObject({ result: 'unknown', errorCode: 'UNREADABLE_ANSWER' });
  });

  it('never follows a redirect', async () => {
    expect(await createUnder('moved')).toMatchObject({ trouble: 'misconfigured' });
  });

  it.each(['lost', 'unheard'] as const)(
    'calls a request that was sent and not answered in doubt (%s)',
    async (fault) => {
      expect(await createUnder(fault)).toMatchObject({ trouble: 'unanswered' });
    },
  );

  it('settles a doubt by look-up, or leaves it in doubt, but never gets it wrong', async () => {
    const verdictOf = async (fault: Fault) =>
      target.provider.verdict(createItem(fault).step, await lookUp(fault));
    expect(['applied', 'cannotTell']).toContain(await verdictOf('lost'));
    expect(['notApplied', 'cannotTell']).toContain(await verdictOf('unheard'));
  });

  it('keeps the code with which the vendor refused an item', async () => {
    const outcome = await createUnder('refused');
    expect(outcome).toMatchObject({ result: 'failed', providerCode: expect.anything() });
  });

  it('calls nothing a second user that differs in what the target ignores', async () => {
    const { userName } = target.provider.attributes;
    const upper: Item = createItem('first');
    const shouted = { ...upper.attributes, userName: loginOf('first').toUpperCase() };
    const same = target.provider.idOf(upper.attributes) === target.provider.idOf(shouted);
    expect(same).toBe(userName?.caseExact === false || target.provider.idOf(upper.attributes) === null);
  });

  it('leaves alone what an update does not name', async () => {
    const before = await listed('standing');
    if (before === undefined) return expect(target.provider.supports.operations).not.toContain('update');
    const name = 'name.givenName' in example ? 'name.givenName' : 'displayName';
    const after = { [name]: 'Renamed' };
    const need = needOf('update', before, { [name]: before.attributes[name] ?? null }, after);
    const steps = target.provider.steps(need, before, null, {});
    for (const step of steps) {
      const outcomes = await write([
        { step, userId: before.id, key: 'k1', attributes: { ...before.attributes, ...after } },
      ]);
      expect(outcomes).toMatchObject([{ result: 'succeeded' }]);
    }
    const now = await listed('standing');
    expect(now?.active).toBe(before.active);
    expect(now?.attributes).toMatchObject({ ...before.attributes, ...after });
  });

  it('reads all pages to their end, each user once', async () => {
    if (!target.provider.supports.listAll) {
      await expect(drain(target)).rejects.toThrow();
      return;
    }
    const ids = (await drain(target)).map((user) => user.id);
    expect(ids.length).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has shown neither a secret nor a login in anything it said of a trouble', () => {
    expect(said.length).toBeGreaterThanOrEqual(Object.keys(faultsOf(id)).length);
    expect(said.join('\n')).not.toMatch(/conform\.|sandbox-secret|Bearer |Basic [A-Za-z0-9+/]{8}/);
  });

  /** A user whom the sandbox shows, created with all that the provider needs for that. */
  async function listed(name: string): Promise<User | undefined> {
    const found = await lookUp(name);
    if (found !== undefined) return found;
    await write([createItem(name)]);
    const shown = await lookUp(name);
    if (shown !== undefined) return shown;
    const user = target.provider.applied(
      createItem(name).step,
      null,
      target.provider.idOf(attributesOf(name)) ?? '',
    );
    const need = needOf('update', user, { roles: [] }, { roles: [sandboxRole] });
    for (const step of target.provider.steps(need, user, null, {})) {
      await write([{ step, userId: user.id, key: 'k1', attributes: attributesOf(name) }]);
    }
    return lookUp(name);
  }
});

/** A role of the sandbox whose target lists nobody without one. */
const sandboxRole = 'Viewer';

async function drain(target: Target): Promise<readonly User[]> {
  const users: User[] = [];
  for await (const page of target.connection.readUsers()) users.push(...page);
  return users;
}

/** The job that stands in `jobs/` as the provider's example, on a sandbox that misbehaves. */
async function exampleJob(id: string, folder: string): Promise<Job> {
  const sandbox = sandboxes.find((one) => one.id === id);
  const create = sandbox?.operations.find((op) => ['add', 'create', 'add-user', 'create-user'].includes(op));
  const faultsFile = path.join(folder, 'faults.json');
  const rules = Object.entries(faultsOf(id)).map(([name, act]) => ({
    match: { user: loginOf(name), ...(create === undefined ? {} : { op: create }) },
    do: act,
  }));
  writeFileSync(faultsFile, JSON.stringify({ rules }));
  const source = path.resolve('jobs', `${id}.yaml`);
  const example = parse(readFileSync(source, 'utf8')) as {
    feed: { path: string };
    ledger: string;
    target: Record<string, unknown>;
  };
  example.feed.path = path.resolve('jobs', example.feed.path);
  example.ledger = path.join(folder, 'ledger.db');
  const { baseUrl: _, auth: __, sandbox: own, ...rest } = example.target;
  const { users } = (own ?? {}) as { readonly users?: string };
  // The example's users bring the roles and organisations that its feed names.
  const standing = users === undefined ? {} : { users: path.resolve('jobs', users) };
  example.target = {
    ...rest,
    sandbox: { ...standing, faults: faultsFile },
    limits: { requestsPerSecond: 500, concurrency: 4 },
  };
  const file = path.join(folder, 'job.yaml');
  writeFileSync(file, stringify(example));
  const { job } = await readJob(file, { providers });
  return job;
}

/** The person of the example's feed of whom most is said. */
async function fullestPerson(job: Job): Promise<Attributes> {
  const feed = await openFeed(firstFeed(job), { match: job.match, rules: job.target.provider.attributes });
  const everybody: Attributes[] = [];
  for await (const { people } of feed.batches) everybody.push(...people.map((person) => person.attributes));
  const said = (attributes: Attributes): number => Object.keys(attributes).length;
  return everybody.sort((one, other) => said(other) - said(one))[0] ?? {};
}
