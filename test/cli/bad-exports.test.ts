import { describe, it } from 'vitest';
import { feedHeader, patient, people, plainFeed, userOf, World } from './world.ts';

const staff = people(150);
const usual = { feed: { whole: undefined } };

/** An export that went wrong, and what the command then says: the guard, the figure, the limit, what to do. */
const exports: readonly (readonly [what: string, text: string, said: RegExp])[] = [
  [
    'a header alone',
    `${feedHeader}\n`,
    /changes none\n[\s\S]*feedRows.*\b0 rows.*\b135 at least[\s\S]*Ask for a new export/,
  ],
  ['half a file', plainFeed(staff.slice(0, 75)), /feedRows[\s\S]*\b75 rows[\s\S]*\b135\b[\s\S]*Ask whether/],
  [
    'a file cut to 94 %',
    plainFeed(staff.slice(0, 141)),
    /missing[\s\S]*\b9 people[\s\S]*\b7 may be[\s\S]*guards\.missing[\s\S]*Ask whether/,
  ],
  [
    'a file without e-mails',
    plainFeed(staff.map((row) => ({ ...row, email: '' }))),
    /emptyCells[\s\S]*\b150 of 150 cells[\s\S]*\b15 more[\s\S]*Ask for a new export/,
  ],
];

describe.concurrent('the command', patient, () => {
  it('holds bad exports, says which guard does and why, and writes nothing', async ({ expect }) => {
    await using world = await World.open({ users: staff.map(userOf), feed: plainFeed(staff), job: usual });
    world.writeJob({ ...usual, firstLoad: false });
    const first = await world.apply();
    expect([first.code, first.report.changes.total]).toEqual([0, 0]);
    for (const [what, text, said] of exports) {
      world.writeFeed(text);
      const held = await world.apply();
      expect([what, held.code, held.stdout]).toEqual([what, 3, expect.stringMatching(said)]);
      expect(held.stderr.trimEnd().split('\n').at(-1)).toMatch(/Nothing was written/);
    }
    expect(world.journal()).toEqual([]);
  });
});
