import { describe, expect, it } from 'vitest';
import { aJob, messagesOf, problemsOf, read, withFeed } from './job-world.ts';

type Fields = Readonly<Record<string, unknown>>;

const delta = (words: Fields, rest: Fields = {}): Fields => ({
  ...withFeed({ mode: 'delta', action: { column: 'Action', words } }),
  ...rest,
});

function withFeeds(...feeds: readonly Fields[]): Fields {
  const { feed: _, ...rest } = aJob();
  return { ...rest, feeds };
}

const staff: Fields = { name: 'staff', path: 'staff.csv', columns: { externalId: 'ID', userName: 'Login' } };

describe('the words of a delta’s actions', () => {
  it('are refused for what the target cannot do, at their place', async () => {
    const [problem] = await problemsOf(delta({ enable: ['on'] }));
    expect(problem).toMatchObject({ severity: 'error', path: 'feed.action.words.enable' });
    expect(problem?.message).toBe('Acme Directory cannot enable users');
  });

  it.each(['disable', 'remove'] as const)('are refused for %s unless leavers are to be so', async (word) => {
    const [message] = await messagesOf(delta({ [word]: ['x'] }));
    expect(message).toBe(`the policy does not let a run ${word} users`);
    const leavers = [{ [word]: 'after 30d' }];
    expect(await messagesOf(delta({ [word]: ['x'] }, { policy: { leavers } }))).toEqual([]);
  });

  it('are refused for creates and updates that the policy forbids', async () => {
    const policy = { create: false, update: false };
    expect(await messagesOf(delta({ create: ['x'], update: ['y'] }, { policy }))).toHaveLength(2);
  });

  it('are those of all operations by default, whatever the policy', async () => {
    const { job } = await read(withFeed({ mode: 'delta', action: { column: 'Action' } }));
    expect(job.feeds[0]?.action?.words).toMatchObject({ disable: ['disable'], remove: ['remove'] });
  });
});

describe('a leave of absence', () => {
  it('disables nobody in a target that cannot', async () => {
    const policy = { onLeave: 'disable', update: false };
    expect(await messagesOf(aJob({ policy }))).toEqual([]);
    const target = { ...(aJob().target as Fields), provider: 'poor' };
    const problems = await problemsOf(aJob({ policy, target }));
    const place = { path: 'policy.onLeave', message: 'Poor Directory cannot disable users' };
    expect(problems).toContainEqual(expect.objectContaining(place));
  });
});

describe('several feeds', () => {
  it('stand in the job by precedence', async () => {
    const { job } = await read(withFeeds(staff, { ...staff, name: 'guests', optional: true }));
    expect(job.feeds.map(({ name, optional }) => [name, optional])).toEqual([
      ['staff', false],
      ['guests', true],
    ]);
  });

  it('are not both read from standard input', async () => {
    const piped = { ...staff, path: '-' };
    const problems = await problemsOf(withFeeds(piped, { ...piped, name: 'guests' }));
    expect(problems).toMatchObject([{ severity: 'error', path: 'feeds.1.path' }]);
  });

  it('should agree on whether people have a lasting id', async () => {
    const guests = { ...staff, name: 'guests', columns: { userName: 'Login' } };
    const { warnings } = await read(withFeeds(staff, guests));
    expect(warnings).toMatchObject([{ severity: 'warning', path: 'feeds.1.columns' }]);
    expect((await read(withFeeds(guests, { ...guests, name: 'others' }))).warnings).toEqual([]);
  });
});
