import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../../src/contracts/provider.ts';
import { connect } from '../../../src/providers/scim/connection.ts';
import { able, config, list, readAll, resource, type Service, service, urns } from './world.ts';

const ids = (count: number, first = 1) => Array.from({ length: count }, (_, n) => `u${first + n}`);

/** A service that lists by index whoever is there at each request. */
function indexed(present: (page: number) => readonly string[], provider = able('filter'), totalMore = 0) {
  let page = 0;
  return service({
    provider,
    handler: (_, url) => {
      page += 1;
      const all = present(page);
      const start = Number(url.searchParams.get('startIndex')) - 1;
      const most = Math.min(Number(url.searchParams.get('count')), 10);
      const resources = all.slice(start, start + most).map((id) => resource(id));
      return { body: list(resources, { totalResults: all.length + totalMore, startIndex: start + 1 }) };
    },
  });
}

async function listed(tools: ReturnType<typeof service>, settings = {}): Promise<readonly string[]> {
  return (await readAll(await connect(config(settings), tools))).map(({ id }) => id);
}

const queries = (requests: readonly HttpRequest[]) =>
  requests.filter(({ path }) => path.startsWith('/Users')).map(({ path }) => path.split('?')[1]);

describe('paging by index', () => {
  it('goes on from what came, when the service gives smaller pages than asked for', async () => {
    const tools = indexed(() => ids(25));
    expect(await listed(tools)).toEqual(ids(25));
    expect(queries(tools.requests)).toEqual([
      'startIndex=1&count=100',
      'startIndex=11&count=100',
      'startIndex=21&count=100',
    ]);
  });

  it('asks for no more than filter.maxResults at once', async () => {
    const provider = { filter: { supported: true, maxResults: 7 } };
    const tools = indexed(() => ids(9), provider);
    expect(await listed(tools)).toEqual(ids(9));
    expect(queries(tools.requests)[0]).toBe('startIndex=1&count=7');
  });

  it('reads on where totalResults grows, and drops whom an insertion shows twice', async () => {
    const tools = indexed((page) => (page === 1 ? ids(20) : ['new', ...ids(20)]));
    expect(await listed(tools)).toEqual(ids(20));
  });

  it('goes back as far as totalResults shrinks, so that a removal hides nobody', async () => {
    const tools = indexed((page) => (page === 1 ? ids(30) : ids(30).slice(3)));
    const found = await listed(tools);
    expect(found.toSorted()).toEqual(ids(30).toSorted());
  });

  it('goes back from an empty page too, when the rest has moved to earlier pages', async () => {
    const tools = indexed((page) => (page === 1 ? ids(12) : ids(12).slice(2)));
    expect(await listed(tools)).toEqual(ids(12));
  });

  it('stops on an empty page when totalResults is as good as reached', async () => {
    let page = 0;
    const handler: Service['handler'] = () => {
      page += 1;
      const resources = page === 1 ? ids(3).map((id) => resource(id)) : [];
      return {
        body: page === 1 ? { schemas: [urns.list], Resources: resources } : list([], { totalResults: 3 }),
      };
    };
    expect(await listed(service({ handler }))).toEqual(ids(3));
  });

  it('takes an empty page before totalResults for a list that was cut', async () => {
    const tools = indexed(() => ids(12), able('filter'), 5);
    await expect(listed(tools)).rejects.toMatchObject({ trouble: 'unreadable' });
  });

  it('ends when the service ignores its paging parameters', async () => {
    const all = ids(50).map((id) => resource(id));
    const tools = service({ handler: () => ({ body: list(all.slice(0, 20), { totalResults: 1_000 }) }) });
    await expect(listed(tools)).rejects.toMatchObject({ trouble: 'unreadable' });
    expect(queries(tools.requests).length).toBeLessThan(10);
  });

  it('takes a list without Resources for nobody, and an answer that is no list for a failure', async () => {
    expect(await listed(service({ handler: () => ({ body: { totalResults: 0 } }) }))).toEqual([]);
    expect(await listed(service({ handler: () => ({ body: { schemas: [urns.list] } }) }))).toEqual([]);
    for (const body of [{}, [], 'x', '<html>sign in</html>', { error: 'no' }]) {
      await expect(listed(service({ handler: () => ({ body }) }))).rejects.toMatchObject({
        trouble: 'unreadable',
      });
    }
  });

  it('asks for an order where the service sorts, since pages without one may shift', async () => {
    const tools = indexed(() => ids(2), able('filter', 'sort'));
    await listed(tools);
    expect(queries(tools.requests)[0]).toContain('sortBy=userName');
  });
});

describe('paging by cursor (RFC 9865)', () => {
  const provider = { pagination: { cursor: true, index: false, maxPageSize: 2 } };

  function cursors(next: Readonly<Record<string, string | undefined>>) {
    return service({
      provider,
      handler: (_, url) => {
        const cursor = url.searchParams.get('cursor') ?? 'none';
        const nextCursor = next[cursor];
        return { body: list([resource(`u${cursor}`)], { nextCursor, totalResults: 3 }) };
      },
    });
  }

  it('begins with an empty cursor and goes on until the service gives none', async () => {
    const tools = cursors({ '': 'a', a: 'b/+ ="' });
    expect(await listed(tools)).toEqual(['u', 'ua', 'ub/+ ="']);
    expect(queries(tools.requests)).toEqual([
      'cursor=&count=2',
      'cursor=a&count=2',
      'cursor=b%2F%2B%20%3D%22&count=2',
    ]);
  });

  it('ends when a cursor comes again', async () => {
    await expect(listed(cursors({ '': 'a', a: 'b', b: 'a' }))).rejects.toMatchObject({
      trouble: 'unreadable',
    });
  });

  it('is used or not as the job says, whatever the service says', async () => {
    const byIndex = service({ provider, handler: () => ({ body: list([resource('u1')]) }) });
    await listed(byIndex, { paging: 'index' });
    expect(queries(byIndex.requests)).toEqual(['startIndex=1&count=2']);
    const byCursor = service({ handler: () => ({ body: list([resource('u1')]) }) });
    await listed(byCursor, { paging: 'cursor' });
    expect(queries(byCursor.requests)).toEqual(['cursor=&count=100']);
  });
});
