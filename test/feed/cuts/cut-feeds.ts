import { CutWorld, type Day } from './cut-world.ts';
import { type GoodFeed, goodFeeds, goodPeople } from './good-feeds.ts';
import { seededRandom } from './random.ts';

const peopleCount = 300;

/** What the cuts of one feed came to. */
export interface CutTally {
  readonly title: string;
  cuts: number;
  /** Nothing at all was taken. */
  refused: number;
  /** Days on which some rows were set aside. */
  quarantined: number;
  /** Days on which every row that is left was taken, which is what a cut between two records looks like. */
  exact: number;
  leavers: number;
  /** Absences that are held for a person to look at, since a row could not be read and may have been theirs. */
  held: number;
  /** Creates, updates and conflicts: the target has everybody just as the whole feed says. */
  wrong: number;
}

/** Cuts a good feed of 300 linked people in each format, with and without a proof of its length. */
export async function cutFeeds(cutsPerFeed: number, seed: number): Promise<readonly CutTally[]> {
  const people = goodPeople(peopleCount);
  const tallies: CutTally[] = [];
  for (const proof of ['unproven', 'proven'] as const) {
    for (const feed of goodFeeds(people, proof)) {
      await using world = await CutWorld.open(people, feed);
      await requireSound(world, feed);
      const tally = newTally(`${feed.title}, ${proof}`);
      for (const bytes of cutPlaces(feed.bytes, cutsPerFeed, seed + tallies.length)) {
        count(tally, await world.day(feed.bytes.subarray(0, bytes)));
      }
      tallies.push(tally);
    }
  }
  return tallies;
}

/** Half of the places are any byte, a quarter are at the end of a record, a quarter within three bytes of one. */
function cutPlaces(bytes: Buffer, count: number, seed: number): readonly number[] {
  const random = seededRandom(seed);
  const within = (max: number): number => Math.floor(random() * max);
  const places: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const place = within(bytes.length);
    const lineEnd = bytes.indexOf(0x0a, place) + 1;
    const near = [place, place, lineEnd, lineEnd + within(7) - 3][number % 4] ?? place;
    places.push(Math.min(Math.max(near, 0), bytes.length - 1));
  }
  return places;
}

/** The feed as it is makes no change, or the cuts would prove nothing. */
async function requireSound(world: CutWorld, { title, bytes }: GoodFeed): Promise<void> {
  const day = await world.day(bytes);
  const found = 'report' in day ? day.report.rows : day.refused;
  if ('report' in day && day.report.rows.unchanged === peopleCount && day.changes.length === 0) return;
  throw new Error(`The uncut feed ${title} is not what the target has: ${JSON.stringify(found)}`);
}

function newTally(title: string): CutTally {
  return { title, cuts: 0, refused: 0, quarantined: 0, exact: 0, leavers: 0, held: 0, wrong: 0 };
}

function count(tally: CutTally, day: Day): void {
  tally.cuts += 1;
  if ('refused' in day) {
    tally.refused += 1;
    return;
  }
  const { changes, report } = day;
  if (report.rows.quarantined > 0) tally.quarantined += 1;
  else tally.exact += 1;
  for (const { cause, reason } of changes) {
    if (cause !== 'absence') tally.wrong += 1;
    else if (reason?.code === 'UNREADABLE_IDENTITY') tally.held += 1;
    else tally.leavers += 1;
  }
}
