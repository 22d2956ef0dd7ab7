import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JobFailure } from '../../src/job/problem.ts';
import { readJob } from '../../src/job/read-job.ts';
import { fakeProviders } from './fake-provider.ts';

const folder = 'fixtures/job/broken';

/** Every error of each broken job: line, column, message. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'bad-feed': [
    "3:9 the extension does not tell the feed's format",
    '4:13 this encoding is not known',
    '5:14 `feed.delimiter` must be one character, or `tab`',
    '6:10 `feed.whole` needs `rows`, `manifest` or `trailer`',
    '8:24 `userName` tells people apart, so it cannot be the same for every row',
    '9:12 `roles` needs either `from`, a header, or `value`, a constant',
    '10:37 these words mean more than one thing of a person (stays, left, on leave): x',
  ],
  'bad-guards': [
    '8:12 `guards.creates` must be a percentage such as `5%` or `2.5%`, or a count',
    '9:12 `guards.updates` must be a percentage such as `5%` or `2.5%`, or a count',
    '10:12 `guards.enables` must be 0 or more',
    '11:13 `guards.disables` must be a percentage such as `5%` or `2.5%`, or a count',
    '12:24 `guards.removals.percent` must be a percentage such as `5%` or `2.5%`, or a count',
    '12:38 `guards.removals.per24h` must be a percentage such as `5%` or `2.5%`, or a count',
    '13:3 unknown field `deletes`',
  ],
  'bad-leavers': [
    '10:15 a leaver must be disabled some days before being removed',
    '11:7 `disable` is given twice for leavers',
    '12:15 `policy.leavers.3.remove` must be `now` or `after Nd`, such as `after 90d`',
    '13:7 `policy.leavers.4` must have one of `disable` and `remove`',
  ],
  'bad-limits': [
    '8:12 `target.baseUrl` must not hold a query or a fragment',
    '11:24 `target.limits.requestsPerSecond` must be at least 1',
    '12:18 `target.limits.concurrency` must be a whole number',
    '13:16 `target.limits.batchSize` must be at most 100, what the provider takes in one request',
    '14:21 `target.limits.requestTimeout` must be a time such as `30s` or `5m`, an hour at most',
    '15:15 `target.http.ca` must be `file:PATH` or `env:NAME`',
  ],
  'bad-targets': [
    '6:16 one exported file cannot be the state of several targets',
    '8:1 `target` and `targets` exclude each other',
    '13:16 unknown attribute `emails.wrk`, did you mean `emails.work`?',
    '14:5 unknown field `polcy`, did you mean `policy`?',
    '16:11 another target is called `north` already',
    '18:51 `targets.north.auth.password` is not a reference; secrets never stand in a job file',
    '19:25 `targets.north.guards.disables` must be a percentage such as `5%` or `2.5%`, or a count',
    '19:30 unknown field `per24h`',
    '20:12 `match` names `emails.work`, which has no column',
    '21:5 `targets.far away.baseUrl` is missing',
    '21:5 `targets.far away.auth` is missing',
    '21:11 `targets.far away.name` must be letters, digits, dots, dashes or underscores, 64 at most',
    '25:28 `targets.far away.limits.concurrency` must be at least 1',
    '26:5 `targets.acmee.baseUrl` is missing',
    '26:15 unknown provider `acmee`, did you mean `acme`?',
    '27:5 `targets.4` must be an object',
    '31:7 unknown target `nort`, did you mean `north`?',
    '32:34 `targets.north.auth.password` is not a reference; secrets never stand in a job file',
    '34:5 this job has a list of `targets`: an environment names those that it changes',
  ],
  'doubled-field': [
    '7:1 this field is given twice',
    '7:8 `match` names `emails.work`, which has no column',
    '8:12 `firstLoad` must be true or false',
  ],
  'literal-secrets': [
    '8:12 `target.baseUrl` must not hold credentials',
    '9:49 `target.auth.password` is not a reference; secrets never stand in a job file',
    '10:18 `target.http.proxy` must be an http address without credentials, or a reference',
    '14:25 `target.auth.password` is not a reference; secrets never stand in a job file',
  ],
  'missing-fields': [
    '1:1 `name` is empty',
    '1:1 `match` is missing',
    '2:1 `feed.columns` is missing',
    '4:1 `target.baseUrl` is missing',
    '4:1 `target.auth` is missing',
    '6:1 `state.path` is missing',
  ],
  'misspelt-fields': [
    '2:1 `feed.columns` is missing',
    '4:3 unknown field `colums`, did you mean `columns`?',
    '6:1 `target.baseUrl` is missing',
    '8:3 unknown field `baseURL`, did you mean `baseUrl`?',
    '9:3 `target.auth.password` is missing',
    '9:39 unknown field `pasword`, did you mean `password`?',
    '10:1 unknown field `polcy`, did you mean `policy`?',
  ],
  'not-yaml': ['3:9 two colons in one value: mend the indentation below, or quote it if it is text'],
  'not-yet-supported': [
    '2:9 a PostgreSQL ledger is not supported yet',
    '7:1 notifications are not supported yet',
  ],
  'unknown-attributes': [
    '6:5 unknown attribute `emails.wrk`, did you mean `emails.work`?',
    '7:5 `lastLogin` can be read from Acme Directory, never written',
    '8:36 `owned` is for attributes with several values; `name.familyName` has one',
    '9:19 `match` names `roles`, which has no column',
    '9:19 users of Acme Directory cannot be matched by `roles`',
    '13:17 `target.auth.type` must be basic or bearer, did you mean `basic`?',
  ],
  'unknown-names': [
    '7:40 `feed.columns.emails.work.write` cannot be `onCreat`, did you mean `onCreate`?',
    '8:8 `match` names `emails.wrk`, which has no column, did you mean `emails.work`?',
    '9:1 `target.baseUrl` is missing',
    '10:13 unknown provider `acmee`, did you mean `acme`?',
  ],
};

async function refusal(name: string): Promise<JobFailure> {
  const failure: unknown = await readJob(`${folder}/${name}.yaml`, { providers: fakeProviders }).catch(
    (error: unknown) => error,
  );
  if (failure instanceof JobFailure) return failure;
  throw new Error(`${name} is not refused with problems`, { cause: failure });
}

describe('broken job files', () => {
  it('each have their expected problems written down', () => {
    const files = readdirSync(folder).map((file) => file.replace('.yaml', ''));
    expect(files.sort()).toEqual(Object.keys(expected).sort());
  });

  it.each(Object.entries(expected))(
    '%s is refused with all its problems at their places',
    async (name, lines) => {
      const { problems, exit, code } = await refusal(name);
      expect({ exit, code }).toEqual({ exit: 1, code: 'JOB_INVALID' });
      const errors = problems.filter((problem) => problem.severity === 'error');
      expect(errors.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual(lines);
    },
  );

  it.each(Object.keys(expected))('%s fills one screen at most, and repeats no secret', async (name) => {
    const { message, problems } = await refusal(name);
    expect(message.split('\n').length).toBeLessThanOrEqual(42);
    expect(JSON.stringify([message, problems])).not.toContain('hunter2');
  });
});
