import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RsaWorld } from './rsa-world.ts';

/** Thirty users whose addresses are in another order than their names. */
const users = Array.from({ length: 30 }, (_, n) => ({
  userName: `u${n}`,
  email: `${String(29 - n).padStart(2, '0')}@${n % 2 === 0 ? 'Example.com' : 'example.org'}`,
}));
const everybody = { emailLike: '@' };

let rsa: RsaWorld;
beforeEach(() => {
  rsa = new RsaWorld();
});
afterEach(() => rsa.close());

const emailsOf = (answer: Record<string, unknown>) =>
  (answer.users as readonly { emailAddress: string }[]).map(({ emailAddress }) => emailAddress.slice(0, 2));

describe('searching', () => {
  it('gives pages from 0 on, sorted by address, and then empty ones', async () => {
    await rsa.start({ users });
    const pages = [];
    for (const page of [0, 1, 2, 3]) {
      pages.push(emailsOf((await rsa.search(`?pageSize=12&pageNumber=${page}`, everybody))[1]));
    }
    expect(pages.map((page) => page.length)).toEqual([12, 12, 6, 0]);
    expect(pages.flat()).toEqual(users.map((_, n) => String(n).padStart(2, '0')));
  });

  it('has 25 to a page, and begins with the first, unless it is told otherwise', async () => {
    await rsa.start({ users });
    const [status, answer] = await rsa.search('', everybody);
    expect([status, emailsOf(answer).length]).toEqual([200, 25]);
    expect(answer.page).toEqual({ pageNumber: 0, pageSize: 25, totalPages: 2, totalElements: 30 });
  });

  it('finds a part of the address, taken to the letter but for its case', async () => {
    await rsa.start({ users });
    expect(emailsOf((await rsa.search('', { emailLike: '@EXAMPLE.com' }))[1])).toHaveLength(15);
    for (const emailLike of ['*', '%', '.*', 'u1']) {
      expect(emailsOf((await rsa.search('', { emailLike }))[1])).toEqual([]);
    }
  });

  it('shows what a look-up shows', async () => {
    await rsa.start({ users: [{ userName: 'ada', email: 'a@example.com', groupMemberships: ['VPN'] }] });
    const [, found] = await rsa.call('POST', '/lookup', { username: 'ada' });
    expect((await rsa.search('', everybody))[1].users).toEqual([found]);
  });

  it.each([
    ['no text to search', '', {}],
    ['an empty text', '', { emailLike: '' }],
    ['another property', '', { emailLike: '@', searchUnsynched: true }],
    ['pages of 26', '?pageSize=26', everybody],
    ['pages of 0', '?pageSize=0', everybody],
    ['a page before the first', '?pageNumber=-1', everybody],
    ['half a page', '?pageNumber=0.5', everybody],
    ['an empty page number', '?pageNumber=', everybody],
  ])('answers 400 for %s', async (_, query, body) => {
    await rsa.start({ users });
    expect(await rsa.search(query, body)).toMatchObject([400, { code: '400 BAD_REQUEST' }]);
  });

  it('needs the permission to read, and takes nothing but POST', async () => {
    await rsa.start({ users });
    const token = await rsa.signIn('rsa.user.manage');
    const searching = (method: string, bearer: string) =>
      fetch(`${rsa.baseUrl}/AdminInterface/restapi/v2/users/search`, {
        method,
        headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
        ...(method === 'POST' && { body: JSON.stringify(everybody) }),
      });
    expect((await searching('POST', token)).status).toBe(403);
    expect((await searching('GET', await rsa.signIn())).status).toBe(404);
  });

  it('can be told to fail as a whole', async () => {
    const refuseBatch = { errorcode: 'X', errormessage: 'Told so.', status: 500 };
    await rsa.start({ users }, [{ match: { op: 'search' }, do: { refuseBatch } }]);
    expect((await rsa.search('', everybody))[0]).toBe(500);
  });
});
