import { describe, expect, it } from 'vitest';
import { aJob, messagesOf, problemsOf, read, withColumns, withTargets } from './job-world.ts';

describe('the managed scope', () => {
  it('is none where the job says nothing, and nobody is protected', async () => {
    const { job } = await read(aJob());
    expect(job).toMatchObject({ scope: null, protect: { keys: [], groups: [], roles: [], like: {} } });
  });

  it('is a list of conditions whose words are compared without case', async () => {
    const scope = [
      { attribute: 'emails.work', like: '*@Example.com' },
      { attribute: 'roles', is: ['Viewer', 7], isNot: 'Guest', empty: false },
    ];
    const { job } = await read(aJob({ manage: { scope } }));
    expect(job.scope).toEqual([
      { attribute: 'emails.work', is: null, isNot: null, like: ['*@example.com'], empty: null },
      { attribute: 'roles', is: ['viewer', '7'], isNot: ['guest'], like: null, empty: false },
    ]);
  });

  it('needs an attribute that the target has, and something to compare it with', async () => {
    const scope = [{ attribute: 'emails.wrok', is: 'x' }];
    expect(await messagesOf(aJob({ manage: { scope } }))).toEqual([
      'Acme Directory has no attribute `emails.wrok`, did you mean `emails.work`?',
    ]);
    expect(await messagesOf(aJob({ manage: { scope: [{ attribute: 'roles' }] } }))).toHaveLength(1);
    expect(await messagesOf(aJob({ manage: { scope: [] } }))).toHaveLength(1);
  });
});

describe('protected users', () => {
  it('are named by key, role and pattern, and by target', async () => {
    const protect = { keys: [1001, 'E2'], roles: ['Admin*'], like: { userName: 'SVC-*' } };
    const { jobs } = await read({
      ...withTargets(
        { name: 'first' },
        { name: 'other', baseUrl: 'https://b.example.com', protect: { keys: ['E3'] } },
      ),
      protect,
    });
    const patterns = { groups: [], roles: ['admin*'], like: { userName: ['svc-*'] } };
    expect(jobs.map((job) => job.protect)).toEqual([
      { keys: ['1001', 'E2'], ...patterns },
      { keys: ['E3'], ...patterns },
    ]);
  });

  it('keep the spelling of a key that looks like a number', async () => {
    const source = `${JSON.stringify(aJob()).slice(0, -1)}, "protect": { "keys": [00123] } }`;
    expect((await read(source)).job.protect.keys).toEqual(['00123']);
  });

  it('need attributes that the target has', async () => {
    expect(await messagesOf(aJob({ protect: { groups: ['Admins'] } }))).toEqual([
      expect.stringContaining('Acme Directory has no attribute `groups`'),
    ]);
    expect(await messagesOf(aJob({ protect: { like: { login: 'x' } } }))).toHaveLength(1);
    expect(await messagesOf(aJob({ protect: { kyes: ['E1'] } }))).toHaveLength(1);
  });
});

describe('what a drift means', () => {
  it('is said of a column, and nothing is where the feed wins', async () => {
    const { job } = await read(
      withColumns({
        'name.familyName': { from: 'Last', drift: 'report' },
        'emails.work': { from: 'Email', drift: 'feedWins' },
      }),
    );
    expect(job.feeds[0]?.columns.map(({ attribute, drift }) => [attribute, drift])).toEqual([
      ['userName', undefined],
      ['name.familyName', 'report'],
      ['emails.work', undefined],
    ]);
  });

  it('makes no sense of what is written once, or is the feed’s alone', async () => {
    const once = withColumns({ 'emails.work': { from: 'Email', drift: 'report', write: 'onCreate' } });
    expect(await messagesOf(once)).toEqual([expect.stringContaining('`drift` is for what is written again')]);
    const core = withColumns({ externalId: { from: 'ID', drift: 'report' } });
    expect(await messagesOf(core)).toHaveLength(1);
    expect(await messagesOf(withColumns({ 'emails.work': { from: 'Email', drift: 'mine' } }))).toHaveLength(
      1,
    );
  });
});

describe('the policy of witnesses and of identity', () => {
  it('has times in milliseconds', async () => {
    const { job } = await read(aJob());
    expect(job.policy).toMatchObject({
      witnessesApartMs: 4 * 3_600_000,
      rehire: 'reactivate',
      reuseLoginAfterMs: null,
      flapping: 'report',
    });
    const policy = { witnessesApart: '90m', reuseLoginAfter: '90d', rehire: 'hold', flapping: 'hold' };
    expect((await read(aJob({ policy }))).job.policy).toMatchObject({
      witnessesApartMs: 90 * 60_000,
      reuseLoginAfterMs: 90 * 86_400_000,
      rehire: 'hold',
      flapping: 'hold',
    });
  });

  it('is refused where it is no time or word', async () => {
    for (const policy of [{ witnessesApart: '4' }, { reuseLoginAfter: 'never' }, { rehire: 'yes' }]) {
      expect(await problemsOf(aJob({ policy }))).toHaveLength(1);
    }
  });
});
