import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EpmWorld, person } from './epm-world.ts';

let epm: EpmWorld;
beforeEach(() => {
  epm = new EpmWorld();
});
afterEach(() => epm.close());

const start = (name: string, content: string): Promise<void> =>
  epm.start({ options: { users: epm.file(name, content) } });
const logins = async (): Promise<readonly string[]> => (await epm.list()).map(({ userlogin }) => userlogin);

describe('a users file', () => {
  it.each([
    ['a JSON array', 'u.json', JSON.stringify([person('a'), person('b')])],
    ['a JSON object with users', 'u.json', JSON.stringify({ users: [person('a'), person('b')] })],
    ['JSON with a byte order mark', 'u.json', `\uFEFF${JSON.stringify([person('a'), person('b')])}`],
    ['NDJSON', 'u.ndjson', `${JSON.stringify(person('a'))}\n\n${JSON.stringify(person('b'))}`],
    [
      'JSON lines with carriage returns',
      'u.JSONL',
      `${JSON.stringify(person('a'))}\r\n${JSON.stringify(person('b'))}\r\n`,
    ],
  ])('may be %s', async (_name, file, content) => {
    await start(file, content);
    expect(await logins()).toEqual(['a', 'b']);
  });

  it('may be the vendor’s CSV, with blanks in the header and its columns in any order', async () => {
    await start(
      'u.csv',
      '\uFEFFUser Login, Last Name,first name,Email\r\njdoe,"Doe, Jr.",Jane,jane.doe@example.com\r\n',
    );
    expect(await epm.list({ roles: true })).toMatchObject([
      {
        userlogin: 'jdoe',
        firstname: 'Jane',
        lastname: 'Doe, Jr.',
        email: 'jane.doe@example.com',
        roles: [{ rolename: 'Viewer' }],
      },
    ]);
  });

  it('may hold passwords, which nobody sees again', async () => {
    await start('u.json', JSON.stringify([person('a', { password: 'Geheim-123' })]));
    await epm.assign('User', 'a');
    expect(JSON.stringify([await epm.list(), epm.journal()])).not.toContain('Geheim');
  });

  it.each([
    ['is missing', 'missing.json', null, 'there is no such file'],
    ['is a missing NDJSON file', 'missing.ndjson', null, 'there is no such file'],
    ['is a missing CSV file', 'missing.csv', null, 'there is no such file'],
    ['has another format', 'u.xlsx', 'x', 'ends in none of'],
    ['is no JSON', 'u.json', '{"userlogin":', 'it is not JSON'],
    ['is neither an array nor has users', 'u.json', '{"people":[]}', 'neither a JSON array nor'],
    ['has an unknown key beside users', 'u.json', '{"users":[],"roles":[]}', 'may only be "groups"'],
    ['has a bad line', 'u.ndjson', `${JSON.stringify(person('a'))}\n{`, 'line 2 is not JSON'],
    ['has a user without a login', 'u.json', '[{"email":"x@example.com"}]', 'users[0]: userlogin'],
    [
      'has an unknown role',
      'u.json',
      JSON.stringify([person('a', { roles: ['Boss'] })]),
      'users[0]: roles.0: is no role',
    ],
    [
      'has two logins that differ in case',
      'u.json',
      JSON.stringify([person('a'), person('A')]),
      'users[1]: a user before it',
    ],
    [
      'has a CSV header without the login',
      'u.csv',
      'First Name,Last Name,Email\nA,B,c@example.com\n',
      'the header lacks User Login',
    ],
    [
      'has a CSV row with too few cells',
      'u.csv',
      'First Name,Last Name,Email,User Login\nA,B\n',
      'not well-formed CSV',
    ],
  ])('that %s is a clear failure', async (_name, name, content, part) => {
    const path = content === null ? `${epm.folder}/${name}` : epm.file(name, content);
    await expect(epm.start({ options: { users: path } })).rejects.toMatchObject({
      name: 'Failure',
      exit: 1,
      message: expect.stringContaining(`users file ${path}: `),
    });
    await expect(epm.start({ options: { users: path } })).rejects.toThrow(part);
  });

  it('of the examples is read whole: 20 people, of whom two are not listed', async () => {
    await epm.start({ options: { users: 'fixtures/sandboxes/epm-users.json' } });
    expect(await epm.list()).toHaveLength(18);
  });
});
