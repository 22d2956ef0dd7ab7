import { describe, expect, it } from 'vitest';
import { column, readText } from './feeds.ts';

const columns = [column('externalId', 'id'), column('userName', 'login'), column('title', 'title')];

describe('what a feed tells of itself for the one that comes after it', () => {
  it('is all of its header, and the empty cells of each column that is used', async () => {
    const content = 'floor,id,login,title\n,1,ana,\n3,2,bo,  \n3,3,cy,Clerk\n3,4,,\n';
    const { facts } = await readText(content, { columns });
    expect(facts).toMatchObject({
      headers: ['floor', 'id', 'login', 'title'],
      columns: ['id', 'login', 'title'],
      empty: [0, 1, 3],
      readable: 4,
    });
  });

  it('takes no row for empty that could not be read', async () => {
    const { facts } = await readText('id,login,title\n1,ana,Clerk\n2,bo\n', { columns });
    expect(facts).toMatchObject({ rows: 2, readable: 1, empty: [0, 0, 0] });
  });

  it('is the same of JSON, where a name may be left out', async () => {
    const content =
      '[{"id":"1","login":"ana","title":["Clerk"]},{"id":"2","login":"bo","title":[]},{"id":"3","login":"cy"}]';
    const { facts } = await readText(content, { columns, format: 'json' });
    expect(facts).toMatchObject({ headers: ['id', 'login', 'title'], empty: [0, 0, 2], readable: 3 });
  });
});
