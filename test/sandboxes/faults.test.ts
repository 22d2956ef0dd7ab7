import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EpmWorld, person } from './epm-world.ts';

const users = [person('jdoe'), person('Chris'), person('alex'), person('Partner-1'), person('partner-2')];
const change = (userlogin: string, firstname = 'New'): object => ({ userlogin, firstname });
const update = (...logins: readonly string[]): object => ({ users: logins.map((login) => change(login)) });

let epm: EpmWorld;
beforeEach(() => {
  epm = new EpmWorld();
});
afterEach(() => epm.close());

function startWith(...rules: readonly object[]): Promise<void> {
  return epm.start({ users, faults: { rules, seed: 3 } });
}

async function firstnameOf(userlogin: string): Promise<unknown> {
  return (await epm.list({ userlogin }))[0]?.firstname;
}

describe('a fault of the answer', () => {
  it('gives a status with Retry-After in seconds, and the write has not happened', async () => {
    await startWith({ match: { op: 'update' }, times: 1, do: { status: 503, retryAfter: 7 } });
    const response = await epm.fetch('PUT', '/v2/users/update', update('jdoe'));
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '7']);
    expect(epm.journal()).toEqual([]);
    expect((await epm.update(change('jdoe'))).details).toMatchObject({ succeeded: 1 });
  });

  it('gives Retry-After as an HTTP date, or not at all', async () => {
    await startWith(
      { times: 1, do: { status: 429, retryAfter: 'date' } },
      { times: 1, skip: 1, do: { status: 429, retryAfter: 'none' } },
    );
    const dated = (await epm.fetch('POST', '/v1/users/list', {})).headers.get('Retry-After');
    expect(new Date(dated ?? '').toUTCString()).toBe(dated);
    const undated = await epm.fetch('POST', '/v1/users/list', {});
    expect([undated.status, undated.headers.has('Retry-After')]).toEqual([429, false]);
  });

  it('gives a body of text or JSON with headers of its own', async () => {
    await startWith(
      { match: { op: 'list-users' }, do: { body: { hello: 1 } } },
      {
        match: { op: 'list-groups' },
        do: { status: 302, body: 'moved', headers: { Location: 'http://x.invalid/' } },
      },
    );
    expect(await (await epm.fetch('POST', '/v1/users/list', {})).json()).toEqual({ hello: 1 });
    const moved = await fetch(`${epm.baseUrl}/interop/rest/security/v1/groups/list`, {
      method: 'POST',
      redirect: 'manual',
    });
    expect([moved.status, moved.headers.get('Location')]).toEqual([302, 'http://x.invalid/']);
    expect(await moved.text()).toBe('moved');
  });

  it('gives a status that has no body', async () => {
    await startWith({ do: { status: 204 } });
    expect((await epm.fetch('POST', '/v1/users/list', {})).status).toBe(204);
  });

  it('gives a page of HTML with status 200', async () => {
    await startWith({ do: { html: true } });
    const response = await epm.fetch('POST', '/v1/users/list', {});
    expect([response.status, response.headers.get('Content-Type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
    expect(await response.text()).toContain('<!DOCTYPE html>');
  });

  it('lets the write take effect first when it says applied', async () => {
    await startWith({ match: { op: 'update' }, do: { status: 500, applied: true } });
    expect((await epm.fetch('PUT', '/v2/users/update', update('jdoe'))).status).toBe(500);
    expect(await firstnameOf('jdoe')).toBe('New');
    expect(epm.journal()).toHaveLength(1);
  });

  it('makes the status a string', async () => {
    await startWith({ do: { stringStatus: true } });
    expect((await epm.update(change('jdoe'))).status).toBe('0');
    expect((await epm.assign('None', 'jdoe')).status).toBe('1');
    expect((await epm.call('POST', '/v1/users/list', {})).status).toBe('0');
  });

  it('makes the counts deny the items, and the items the counts', async () => {
    await startWith({ do: { contradict: 'counts' } });
    const denied = await epm.update(change('jdoe'), change('nobody'));
    expect(denied.details).toMatchObject({ processed: 2, succeeded: 2, failed: 0 });
    expect(denied.details?.faileditems).toHaveLength(1);
    const invented = await epm.update(change('chris'));
    expect(invented.details).toEqual({ processed: 1, succeeded: 0, failed: 1, faileditems: null });
  });
});

describe('a fault of the connection', () => {
  it('drops it before the write takes effect', async () => {
    await startWith({ match: { method: 'put' }, do: { drop: 'before' } });
    await expect(epm.update(change('jdoe'))).rejects.toThrow('fetch failed');
    expect(await firstnameOf('jdoe')).toBe('Ada');
    expect(epm.journal()).toEqual([]);
  });

  it('drops it after the write took effect and stands in the journal', async () => {
    await startWith({ match: { method: 'PUT' }, do: { drop: 'after' } });
    await expect(epm.update(change('jdoe'), change('nobody'))).rejects.toThrow('fetch failed');
    expect(await firstnameOf('jdoe')).toBe('New');
    expect(epm.journal().map(({ status }) => status)).toEqual(['accepted', 'EPMCSS-21144']);
  });

  it('drops a list', async () => {
    await startWith({ match: { op: 'list-users' }, times: 1, do: { drop: 'after' } });
    await expect(epm.list()).rejects.toThrow('fetch failed');
    expect(await epm.list()).toHaveLength(5);
  });

  it('holds an answer back until the caller has given up, and then carries out nothing when it closes', async () => {
    await startWith({ match: { op: 'update' }, do: { latencyMs: 600_000 } });
    const answer = epm.update(change('jdoe'));
    answer.catch(() => undefined);
    expect(await firstnameOf('jdoe')).toBe('Ada');
    const restarted = epm.start({ users });
    await expect(answer).rejects.toThrow('fetch failed');
    await restarted;
    expect(epm.journal()).toEqual([]);
  });

  it('holds an answer back and then gives it', async () => {
    await startWith({ do: { latencyMs: 5 } });
    expect((await epm.update(change('jdoe'))).details).toMatchObject({ succeeded: 1 });
  });
});

describe('a refusal by fault', () => {
  const refuse = { errorcode: 'EPMCSS-29999', errormessage: 'Not today.' };

  it('meets users by login and pattern without case, and leaves the others alone', async () => {
    await startWith({ match: { op: 'update', user: ['CHRIS', 'partner-*'] }, do: { refuse } });
    const { details } = await epm.update(
      ...['jdoe', 'chris', 'partner-1', 'PARTNER-2', 'alex'].map((it) => change(it)),
    );
    expect(details).toMatchObject({ processed: 5, succeeded: 2, failed: 3 });
    expect(details?.faileditems).toEqual([
      { userlogin: 'chris', ...refuse },
      { userlogin: 'partner-1', ...refuse },
      { userlogin: 'PARTNER-2', ...refuse },
    ]);
    expect(epm.journal().filter(({ status }) => status === refuse.errorcode)).toHaveLength(3);
    expect((await epm.assign('User', 'chris')).details).toMatchObject({ succeeded: 1 });
  });

  it('counts users for skip and times', async () => {
    await startWith({ skip: 1, times: 2, do: { refuse } });
    const first = await epm.update(change('jdoe'), change('chris'));
    const second = await epm.update(change('alex'), change('partner-1'));
    const logins = [first, second].flatMap(
      ({ details }) => details?.faileditems?.map((item) => item.userlogin) ?? [],
    );
    expect(logins).toEqual(['chris', 'alex']);
  });

  it('of the whole request has details null, a line for each user, and the HTTP status of the rule', async () => {
    await startWith(
      { match: { op: 'update' }, times: 1, do: { refuseBatch: refuse } },
      { match: { op: 'update' }, skip: 1, do: { refuseBatch: { ...refuse, status: 403 } } },
      { match: { op: 'list-users' }, times: 1, do: { refuseBatch: refuse } },
    );
    expect(await epm.update(change('jdoe'), change('chris'))).toMatchObject({
      status: 1,
      error: refuse,
      details: null,
    });
    expect((await epm.fetch('PUT', '/v2/users/update', update('jdoe'))).status).toBe(403);
    expect(await epm.call('POST', '/v1/users/list', {})).toMatchObject({
      status: 1,
      error: refuse,
      details: null,
    });
    expect(epm.journal().map(({ key, status }) => [key, status])).toEqual([
      ['jdoe', 'EPMCSS-29999'],
      ['Chris', 'EPMCSS-29999'],
      ['jdoe', 'EPMCSS-29999'],
    ]);
    expect(await firstnameOf('jdoe')).toBe('Ada');
  });
});

describe('a rule', () => {
  it('matches method, a part of the path or a pattern for the whole, and any user of the request', async () => {
    await startWith(
      { match: { method: 'POST', path: 'users/remove' }, do: { status: 501 } },
      { match: { path: '/interop/*/groups/*' }, do: { status: 502 } },
      { match: { path: 'interop/*' }, do: { status: 503 } },
      { match: { user: 'alex' }, do: { status: 504 } },
    );
    const status = async (method: string, path: string, body: object): Promise<number> =>
      (await epm.fetch(method, path, body)).status;
    expect(await status('POST', '/v2/users/remove', { users: [] })).toBe(501);
    expect(await status('POST', '/v1/groups/list', {})).toBe(502);
    expect(await status('PUT', '/v2/users/update', update('jdoe', 'ALEX'))).toBe(504);
    expect(await status('PUT', '/v2/users/update', update('jdoe'))).toBe(200);
  });

  it('goes before a later one about the same thing, and beside it about another', async () => {
    await startWith({ do: { status: 503 } }, { do: { status: 500, retryAfter: 9 } });
    const response = await epm.fetch('POST', '/v1/users/list', {});
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '9']);
  });

  it('acts by chance, the same way in every run with the same seed', async () => {
    const run = async (seed: number): Promise<string> => {
      await epm.start({ users, faults: { seed, rules: [{ chance: 0.5, do: { status: 500 } }] } });
      const statuses: number[] = [];
      for (let index = 0; index < 40; index += 1) {
        statuses.push((await epm.fetch('POST', '/v1/users/list', { userlogin: 'jdoe' })).status);
      }
      return statuses.join();
    };
    const first = await run(11);
    expect(first).toContain('200');
    expect(first).toContain('500');
    expect(await run(11)).toBe(first);
    expect(await run(12)).not.toBe(first);
  });
});

describe('a faults file', () => {
  const start = (name: string, content: string): Promise<void> =>
    epm.start({ users, options: { faults: epm.file(name, content) } });

  it('may be YAML', async () => {
    await start('faults.yaml', 'rules:\n  - match: { op: list-users }\n    do: { status: 503 }\n');
    expect((await epm.fetch('POST', '/v1/users/list', {})).status).toBe(503);
  });

  it('with several mistakes has all of them told with their lines', async () => {
    const content = [
      'rules:',
      '  - match: { op: rename }',
      '    do: { status: 503 }',
      '  - times: 0',
      '    do: { statsu: 503 }',
      '  - do: {}',
      '  - do: { status: 503, refuse: { errorcode: X, errormessage: Y } }',
    ];
    const failure = start('faults.yaml', content.join('\n'));
    await expect(failure).rejects.toMatchObject({ name: 'Failure', exit: 1 });
    const message = String(await failure.catch((error: unknown) => error));
    expect(message).toContain('line 4: rules.1.times');
    expect(message).toMatch(/line 5: rules\.1\.do: .*statsu/);
    expect(message).toContain('line 6: rules.2.do: says nothing to do');
    expect(message).toContain('line 7: rules.3.do: refuse stands alone in a rule');
  });

  it('with an operation that the vendor does not have is told which there are', async () => {
    const content = JSON.stringify({ rules: [{ match: { op: 'rename' }, do: { status: 503 } }] });
    await expect(start('faults.json', content)).rejects.toThrow(
      /line 1: rules\.0\.match\.op: must be one of add, update/,
    );
  });

  it.each([
    ['that is missing', '/no/such/faults.yaml', null, 'there is no such file'],
    ['that is no YAML', 'faults.yaml', 'rules: [', 'line 1, column'],
    ['without rules', 'faults.json', '{}', 'rules'],
    ['that is empty', 'faults.yaml', '', 'the file'],
  ])('%s is a clear failure', async (_name, name, content, part) => {
    const failure = content === null ? epm.start({ options: { faults: name } }) : start(name, content);
    await expect(failure).rejects.toMatchObject({
      name: 'Failure',
      exit: 1,
      message: expect.stringContaining(part),
    });
  });
});
