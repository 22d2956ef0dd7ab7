import { describe, expect, it } from 'vitest';
import type { Item } from '../../../src/contracts/provider.ts';
import type { Outcome } from '../../../src/domain/change.ts';
import { TargetFailure } from '../../../src/domain/failure.ts';
import { redactor } from '../../../src/domain/redaction.ts';
import { judgeAnswer } from '../../../src/providers/oracle-epm/outcomes.ts';
import { personalWords } from '../../../src/providers/oracle-epm/redact.ts';
import type { Canned } from '../fake-tools.ts';
import { config, item, written } from './world.ts';

const call = { method: 'PUT', path: '/interop/rest/security/v2/users/update' };
const updates = ['jdoe', 'chris', 'alex'].map((login) => item('update', login, { 'name.givenName': 'X' }));

function judge(
  items: readonly Item[],
  { status = 200, body }: Canned,
  settings = config(),
): readonly Outcome[] {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const redact = redactor(personalWords(items), []);
  return items.map(judgeAnswer(items, { status, text }, call, { ...settings, redact }));
}

function failureOf(items: readonly Item[], canned: Canned): TargetFailure {
  try {
    judge(items, canned);
  } catch (error) {
    if (error instanceof TargetFailure) return error;
  }
  throw new Error('No TargetFailure was thrown.');
}

const results = (outcomes: readonly Outcome[]) => outcomes.map((outcome) => outcome.result);
const codes = (outcomes: readonly Outcome[]) => outcomes.map((outcome) => outcome.errorCode);
const details = (over: Record<string, unknown>) => ({
  ...written(3),
  details: { processed: 3, succeeded: 3, failed: 0, faileditems: null, ...over },
});
const refusedEmail = { userlogin: 'alex', errorcode: 'EPMCSS-21143', errormessage: 'Invalid email.' };

describe('answers that are about single users', () => {
  it('does not take status 0 for the success of everybody', () => {
    expect(results(judge(updates, { body: written(3, [refusedEmail]) }))).toEqual([
      'succeeded',
      'succeeded',
      'failed',
    ]);
  });

  it('fails everybody when status 0 comes with nothing but failed items', () => {
    const failed = ['jdoe', 'chris', 'alex'].map((userlogin) => ({ ...refusedEmail, userlogin }));
    expect(results(judge(updates, { body: written(3, failed) }))).toEqual(['failed', 'failed', 'failed']);
  });

  it('finds a failed user whatever the case of the login', () => {
    const body = written(3, [{ ...refusedEmail, userlogin: 'ALEX' }]);
    expect(results(judge(updates, { body }))[2]).toBe('failed');
  });

  it('takes numerals for numbers in status and counts', () => {
    const body = {
      status: '0',
      error: null,
      details: { processed: '3', succeeded: '2', failed: '1', faileditems: [refusedEmail] },
    };
    expect(results(judge(updates, { body }))).toEqual(['succeeded', 'succeeded', 'failed']);
  });

  it('says who was created when an add succeeds', () => {
    const [outcome] = judge([item('add', 'Jane.Doe')], { body: written(1) });
    expect(outcome).toMatchObject({ result: 'succeeded', userId: 'jane.doe' });
  });
});

describe('answers whose parts contradict each other', () => {
  it.each([
    ['fewer were processed than asked', details({ processed: 2, succeeded: 2 })],
    ['more were processed than asked', details({ processed: 4, succeeded: 4 })],
    ['a failure is counted and not named', details({ succeeded: 2, failed: 1 })],
    ['successes and failures do not add up', details({ succeeded: 1, failed: 0 })],
    ['an error stands beside status 0', { ...written(3), error: { errorcode: 'EPMCSS-21001' } }],
    ['the error has another shape', { ...written(3), error: 'Something failed' }],
    ['the status says that it failed', { ...written(3), status: 1 }],
  ])('claims no success when %s', (_, body) => {
    const outcomes = judge(updates, { body });
    expect(results(outcomes)).toEqual(['unknown', 'unknown', 'unknown']);
    expect(new Set(codes(outcomes))).toEqual(new Set(['CONTRADICTORY_ANSWER']));
  });

  it('claims no success when the HTTP status says that it failed', () => {
    expect(results(judge(updates, { status: 500, body: written(3) }))).toEqual([
      'unknown',
      'unknown',
      'unknown',
    ]);
  });

  it('keeps the failure of those who are named, and claims nothing for the others', () => {
    const body = details({ succeeded: 3, failed: 0, faileditems: [refusedEmail] });
    expect(codes(judge(updates, { body }))).toEqual([
      'CONTRADICTORY_ANSWER',
      'CONTRADICTORY_ANSWER',
      'REFUSED',
    ]);
  });

  it('takes a failed login that nobody asked for as a contradiction', () => {
    const body = written(3, [{ ...refusedEmail, userlogin: 'somebody.else' }]);
    expect(results(judge(updates, { body }))).toEqual(['unknown', 'unknown', 'unknown']);
  });

  it('takes a login that failed twice as a contradiction', () => {
    const body = written(3, [refusedEmail, { ...refusedEmail, userlogin: 'Alex' }]);
    expect(results(judge(updates, { body }))).toEqual(['unknown', 'unknown', 'failed']);
  });
});

describe('answers that are about the whole request', () => {
  it.each([1, -8, '8', '1'])('is refused by status %s with details null', (status) => {
    const body = {
      status,
      error: { errorcode: 'EPMCSS-21000', errormessage: 'Invalid role' },
      details: null,
    };
    const failure = failureOf(updates, { body });
    expect(failure).toMatchObject({ trouble: 'refused', providerCode: 'EPMCSS-21000' });
    expect(failure.message).toContain('there is no role of this name');
  });

  it('is refused by a status 1 that says nothing more', () => {
    expect(failureOf(updates, { body: { status: 1, error: null } }).trouble).toBe('refused');
  });

  it('is refused when the details are the text of the older interface', () => {
    expect(failureOf(updates, { body: { status: 1, error: null, details: 'Failed' } }).trouble).toBe(
      'refused',
    );
  });

  it('leaves in doubt what is said to be still running', () => {
    expect(failureOf(updates, { body: { status: -1, details: null } }).trouble).toBe('unreadable');
  });

  it('leaves in doubt a status 0 without details', () => {
    expect(failureOf(updates, { body: { status: 0, error: null, details: null } }).trouble).toBe(
      'unreadable',
    );
  });

  it.each(['EPMCSS-21192', 'EPMCSS-21001'])('takes %s for missing rights', (errorcode) => {
    const body = { status: 1, error: { errorcode, errormessage: 'no' }, details: null };
    expect(failureOf(updates, { body })).toMatchObject({ trouble: 'unauthorised', providerCode: errorcode });
  });

  it.each([
    [401, 'unauthorised'],
    [403, 'unauthorised'],
    [404, 'misconfigured'],
    [501, 'misconfigured'],
    [500, 'unavailable'],
    [503, 'unavailable'],
    [413, 'refused'],
    [200, 'unreadable'],
  ])('takes HTTP %i with a page of HTML for %s', (status, trouble) => {
    expect(failureOf(updates, { status, body: '<html>Sign in</html>' }).trouble).toBe(trouble);
  });

  it('says which build has the call when an environment does not know it', () => {
    expect(failureOf(updates, { status: 404, body: 'not found' }).hint).toContain('25.10');
  });

  it('believes the code of an HTTP 500 that the service itself explains', () => {
    const body = { status: 1, error: { errorcode: 'EPMCSS-21021', errormessage: 'x' }, details: null };
    expect(failureOf(updates, { status: 500, body })).toMatchObject({
      trouble: 'refused',
      providerCode: 'EPMCSS-21021',
    });
  });
});

describe('codes with a meaning of their own', () => {
  const exists = (userlogin: string) => written(1, [{ userlogin, errorcode: 'EPMCSS-21142' }]);

  it('reports an add of an existing login as a conflict that names the account', () => {
    expect(judge([item('add', 'Jane.Doe')], { body: exists('jane.doe') })[0]).toMatchObject({
      result: 'conflict',
      errorCode: 'ALREADY_EXISTS',
      providerCode: 'EPMCSS-21142',
      userId: 'jane.doe',
    });
  });

  it('knows existing logins by the codes of the setting only', () => {
    const settings = config({ existsCodes: ['EPMCSS-29999'] });
    expect(judge([item('add', 'jdoe')], { body: exists('jdoe') }, settings)[0]?.result).toBe('failed');
  });

  it('leaves an update in doubt that is said to exist already', () => {
    expect(judge([item('update', 'jdoe')], { body: exists('jdoe') })[0]).toMatchObject({
      result: 'unknown',
      errorCode: 'ALREADY_SO',
    });
  });

  it('counts a removal of a missing login as done only by the codes of the setting', () => {
    const body = written(1, [{ userlogin: 'jdoe', errorcode: 'EPMCSS-21149' }]);
    const items = [item('remove', 'jdoe')];
    expect(judge(items, { body })[0]?.result).toBe('failed');
    expect(judge(items, { body }, config({ missingCodes: ['EPMCSS-21149'] }))[0]).toMatchObject({
      result: 'succeeded',
      errorCode: 'ALREADY_SO',
    });
  });
});

describe('what messages show', () => {
  const values = { 'name.givenName': "Mary-Ann O'Brien", 'emails.work': 'mary@example.com' };
  const echo =
    "Cannot take login=Mary.Obrien. (Mary-Ann O'Brien, mary@example.com, boss@example.org): too many users";

  it('masks logins, names and addresses that an item message echoes', () => {
    const body = written(1, [{ userlogin: 'mary.obrien', errorcode: 'EPMCSS-29998', errormessage: echo }]);
    const message = judge([item('update', 'mary.obrien', values)], { body })[0]?.message ?? '';
    expect(message).toContain('too many users');
    expect(message).not.toMatch(/mary|obrien|brien|example/i);
  });

  it('masks them in the message of a refused request', () => {
    const body = { status: 1, error: { errorcode: 'EPMCSS-29998', errormessage: echo }, details: null };
    const { message } = failureOf([item('update', 'mary.obrien', values)], { body });
    expect(message).toContain('too many users');
    expect(message).not.toMatch(/mary|obrien|brien|example/i);
  });

  it('does not pass on as a code what has not the form of one', () => {
    const body = written(1, [{ userlogin: 'jdoe', errorcode: 'jane.doe@example.com' }]);
    expect(judge([item('update', 'jdoe')], { body })[0]?.providerCode).toBeNull();
  });
});
