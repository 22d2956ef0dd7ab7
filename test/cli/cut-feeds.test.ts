import { describe, it } from 'vitest';
import { patient, people, plainFeed, userOf, World, wholeFeed } from './world.ts';

const everybody = people(300);

/** Where the feed is cut: its bytes, or how many of them count from its end. */
const cuts: readonly (readonly [name: string, place: (feed: string) => number])[] = [
  ['in the first row', (feed) => feed.indexOf('Moreau1') + 3],
  ['in the middle of a cell', (feed) => feed.indexOf('Moreau150') + 4],
  ['between two records', (feed) => feed.indexOf('E200')],
  ['before the end of a record', (feed) => feed.indexOf('E200') - 1],
  ['before the last byte', (feed) => feed.length - 1],
];

describe.concurrent('the only feed of the day, which was cut', patient, () => {
  it.for(cuts)('%s, takes nobody away', async ([, place], { expect }) => {
    await using world = await World.open({ users: everybody.map(userOf), feed: wholeFeed(everybody) });
    const linked = await world.apply();
    expect(linked.code, linked.stderr).toBe(0);

    for (const [whole, feed] of [
      [{ trailer: 'TRAILER' }, wholeFeed(everybody)],
      [undefined, plainFeed(everybody)],
    ] as const) {
      world.writeJob({ feed: { whole } });
      world.writeFeed(feed.slice(0, place(feed)));
      const cut = await world.apply();
      expect(cut.report.changes).toMatchObject({ processed: 0 });
    }
    expect(world.journal()).toEqual([]);
  });
});
