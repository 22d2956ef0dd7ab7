import { expect, it } from 'vitest';
import { jobChangeLines } from '../../src/guard/job-change-lines.ts';

const lines = (field: string, before: unknown, after: unknown): readonly string[] =>
  jobChangeLines({
    field,
    before: before === undefined ? null : JSON.stringify(before),
    after: after === undefined ? null : JSON.stringify(after),
  });

/** Lists, and what belongs together, stand in a job's settings as JSON. */
const kept = (value: unknown): string => JSON.stringify(value);

it.each([
  ['guards.disables', { percent: 5 }, { percent: 9 }, ['guards.disables: 5% -> 9%']],
  ['guards.removals', { percent: 2 }, { percent: 2, count: 40 }, ['guards.removals: 2% -> 2%, ceiling 40']],
  ['policy.create', true, false, ['policy.create: true -> false']],
  ['policy.onLeave', undefined, 'keep', ['policy.onLeave: (not given) -> keep']],
  ['match', 'userName', 'emails.work, userName', ['match: userName -> emails.work, userName']],
  ['protect.keys', kept(['E1']), kept(['E1', 'E2']), ['protect.keys: E1 -> E1, E2']],
  ['target.config.auth.token', 'env:OLD', '(given)', ['target.config.auth.token: env:OLD -> (given)']],
  ['feeds.hr.whole.trailer', 'TRAILER', null, ['feeds.hr.whole.trailer: TRAILER -> (none)']],
])('a change of %s is told as a person reads it', (field, before, after, told) => {
  expect(lines(field, before, after)).toEqual(told);
});

it('a column is told by what changed in it, and a new one by what it says', () => {
  const column = { from: ['Title'], join: ' ', value: null, owned: [] };
  expect(lines('feeds.0.columns.title', kept(column), kept({ ...column, from: ['Job'], join: '-' }))).toEqual(
    ['feed.columns.title.from: Title -> Job', 'feed.columns.title.join: " " -> -'],
  );
  expect(lines('feeds.0.columns.title', undefined, kept(column))).toEqual([
    'feed.columns.title: (not given) -> { from: Title, join: " " }',
  ]);
});

it('what only looks like JSON is told as it is', () => {
  expect(lines('target.config.tenant', '[a', '{b')).toEqual(['target.config.tenant: [a -> {b']);
});
