import type { DatabaseSync } from 'node:sqlite';
import type { Need, Reason, Step } from '../domain/change.ts';
import { type Move, orderMoves, type Place } from './order-moves.ts';
import { readRows, userFrom } from './staged.ts';
import { type OwnershipRule, ownedValues, valuesTaken } from './unique-values.ts';

type Rules = Readonly<Record<string, OwnershipRule>>;

/** A need with the steps that the provider says it takes. */
export interface PlannedNeed {
  readonly need: Need;
  readonly steps: readonly Step[];
  /** The steps by which the user first lets go of what others wait for; absent where the target has none. */
  readonly aside?: readonly Step[];
}

export interface OrderSettings {
  /** Whether users are created and enabled only once all others have been disabled and removed. */
  readonly leaversFirst: boolean;
  /** Whether a need is one that is not sent although it is no conflict. */
  readonly isHeld: (need: Need) => boolean;
}

/** People who wait for a value, at most: more than that is no reorganisation but a shifted column. */
const movesMax = 100_000;

/** What is kept of a change that waits, or that steps aside. */
interface Kept {
  /** Of its first step that is not temporary. */
  readonly wave: number;
  readonly aside: boolean;
  /** Positions in the plan, from 1. */
  readonly after: readonly number[];
  readonly conflict: Reason | null;
}

const inOrder = 'ORDER BY wave, rank, line, key, rowid';

/**
 * Settles which changes have to wait for others, once all have been added: from then on they come wave by wave.
 * Memory grows with the people who wait for a value of somebody else, and they have a bound.
 */
export function orderChanges(
  database: DatabaseSync,
  rules: Rules,
  { leaversFirst, isHeld }: OrderSettings,
): void {
  if (leaversFirst) {
    // Ranks 0 and 1 take access, 3 and 4 give it.
    database.exec(`
      UPDATE change SET wave = 1 WHERE rank >= 3 AND EXISTS (SELECT 1 FROM change WHERE rank IN (0, 1))`);
  }
  if (database.prepare('SELECT 1 FROM freed LIMIT 1').get() === undefined) return;
  const waiting = stageWaits(database, rules);
  if (waiting === 0) return;
  const insertKept = database.prepare('INSERT INTO placed VALUES (?, ?)');
  if (waiting > movesMax) {
    const all = readRows<[change: number]>(database, 'SELECT DISTINCT change FROM waits');
    for (const [change] of all) {
      insertKept.run(change, JSON.stringify({ wave: 0, aside: false, after: [], conflict: tooMany }));
    }
    return;
  }
  const { moves, inVain } = readMoves(database, rules, isHeld);
  const places = orderMoves(moves);
  const updateWave = database.prepare('UPDATE change SET wave = ? WHERE rowid = ?');
  // Whoever steps aside stands where that first step is sent.
  for (const [id, place] of places) updateWave.run(isSentLater(place) ? place.wave : 0, id);
  const positions = positionsOf(database, moves);
  for (const [id, place] of places) {
    const waitsFor = moves.get(id)?.waitsFor ?? [];
    const kept: Kept = {
      wave: place.wave,
      aside: place.stepsAside,
      after: waitsFor.map((owner) => positions.get(owner) ?? 0).sort((one, other) => one - other),
      conflict: inVain.has(id) ? waitsInVain : conflictOf(place),
    };
    insertKept.run(id, JSON.stringify(kept));
  }
}

/** In the order of a plan: wave by wave, then by operation, by line, by key. */
export function* changesInOrder(database: DatabaseSync): Generator<PlannedNeed> {
  const rows = readRows<[wave: number, kept: string | null, body: string]>(
    database,
    `SELECT wave, placed.body, change.body FROM change LEFT JOIN placed ON placed.change = change.rowid
     ORDER BY wave, rank, line, key, change.rowid`,
  );
  for (const [wave, kept, body] of rows) {
    const planned = JSON.parse(body) as PlannedNeed;
    yield inPlace(planned, wave, kept === null ? null : (JSON.parse(kept) as Kept));
  }
}

function inPlace({ need, steps, aside = [] }: PlannedNeed, wave: number, kept: Kept | null): PlannedNeed {
  const conflict = need.conflict ?? kept?.conflict ?? null;
  if (conflict !== null) return { need: { ...need, conflict }, steps: [] };
  const sentIn = kept?.wave ?? wave;
  if (sentIn === 0) return { need, steps };
  const all = kept?.aside === true ? aside : steps;
  const first = all.findIndex((step) => step.temporary !== true);
  const after = kept?.after ?? [];
  return {
    need,
    steps: all.map((step, index) => {
      if (index < first) return step;
      return { ...step, wave: sentIn, ...(index === first && after.length > 0 ? { after } : {}) };
    }),
  };
}

/** Notes who waits for whom; gives how many wait. */
function stageWaits(database: DatabaseSync, rules: Rules): number {
  database.exec('CREATE INDEX freed_by_value ON freed (value, attribute)');
  const selectOwners = database.prepare(
    'SELECT DISTINCT change FROM freed WHERE value = ? AND attribute = ? AND change <> ?',
  );
  const insertWait = database.prepare('INSERT OR IGNORE INTO waits VALUES (?, ?)');
  // Ranks 2 to 4 are the operations that write values.
  const takers = readRows<[change: number, body: string]>(
    database,
    'SELECT rowid, body FROM change WHERE rank >= 2',
  );
  for (const [change, body] of takers) {
    const { need } = JSON.parse(body) as PlannedNeed;
    if (need.conflict !== null) continue;
    for (const { attribute, value } of valuesTaken(need, rules)) {
      for (const { change: owner } of selectOwners.all(value, attribute, change)) {
        insertWait.run(change, owner as number);
      }
    }
  }
  return Number(database.prepare('SELECT count(DISTINCT change) AS n FROM waits').get()?.n ?? 0);
}

function readMoves(
  database: DatabaseSync,
  rules: Rules,
  isHeld: OrderSettings['isHeld'],
): { readonly moves: ReadonlyMap<number, Move>; readonly inVain: ReadonlySet<number> } {
  const moves = new Map<number, Move>();
  const insertMove = database.prepare('INSERT INTO move VALUES (?, ?)');
  const insertTaken = database.prepare('INSERT INTO taken VALUES (?, ?, ?)');
  const selectOwners = database.prepare('SELECT owner FROM waits WHERE change = ? ORDER BY owner');
  const rows = readRows<[id: number, wave: number, body: string]>(
    database,
    `SELECT rowid, wave, body FROM change
     WHERE rowid IN (SELECT change FROM waits UNION SELECT owner FROM waits) ${inOrder}`,
  );
  for (const [id, wave, body] of rows) {
    const { need, aside } = JSON.parse(body) as PlannedNeed;
    const isStuck = need.conflict !== null || isHeld(need);
    const waitsFor = selectOwners.all(id).map(({ owner }) => owner as number);
    moves.set(id, { waitsFor, wave, mayStepAside: aside !== undefined, isStuck });
    insertMove.run(id, need.userId);
    for (const { attribute, value } of isStuck ? [] : valuesTaken(need, rules)) {
      insertTaken.run(id, attribute, value);
    }
  }
  const inVain = takersInVain(database, rules);
  for (const id of inVain) {
    const move = moves.get(id);
    if (move !== undefined) moves.set(id, { ...move, isStuck: true });
  }
  return { moves, inVain };
}

/**
 * Changes that would be refused, since somebody has the value and keeps it, managed or not. Found beforehand, or
 * people would step aside for them in vain and be left with temporary values.
 */
function takersInVain(database: DatabaseSync, rules: Rules): ReadonlySet<number> {
  database.exec('CREATE INDEX taken_by_value ON taken (value, attribute)');
  const selectTakers = database.prepare(`
    SELECT t.change FROM taken t CROSS JOIN move m ON m.change = t.change
    WHERE t.value = ?1 AND t.attribute = ?2 AND m.user_id IS NOT ?3 AND NOT EXISTS (
      SELECT 1 FROM freed f CROSS JOIN move o ON o.change = f.change
      WHERE f.value = ?1 AND f.attribute = ?2 AND o.user_id = ?3)`);
  const inVain = new Set<number>();
  for (const [id, state] of readRows<[id: string, state: string]>(
    database,
    'SELECT user_id, state FROM user',
  )) {
    for (const { attribute, value } of ownedValues(userFrom(id, state).attributes, rules)) {
      for (const { change } of selectTakers.all(value, attribute, id)) inVain.add(change as number);
    }
  }
  return inVain;
}

/** Positions in the plan of the changes that others wait for. */
function positionsOf(database: DatabaseSync, moves: ReadonlyMap<number, Move>): ReadonlyMap<number, number> {
  const owners = new Set([...moves.values()].flatMap(({ waitsFor }) => waitsFor));
  const positions = new Map<number, number>();
  let position = 0;
  for (const [id] of readRows<[id: number]>(database, `SELECT rowid FROM change ${inOrder}`)) {
    position += 1;
    if (owners.has(id)) positions.set(id, position);
  }
  return positions;
}

function isSentLater({ stepsAside, trouble }: Place): boolean {
  return !stepsAside && trouble === null;
}

function conflictOf({ trouble }: Place): Reason | null {
  if (trouble === null) return null;
  return trouble === 'ring' ? ring : waitsInVain;
}

const ring: Reason = {
  code: 'UNIQUE_SWAP',
  message:
    'People would exchange values that the target lets only one user have, and none of them can take a temporary ' +
    'value meanwhile. Change one of them by hand, or say `policy.swaps: temporary` where the target can update it.',
};

const tooMany: Reason = {
  code: 'UNIQUE_SWAP',
  message:
    `More than ${movesMax} people would get a value that somebody else has. That looks like a shifted column: look ` +
    'at the feed, or send it in parts.',
};

const waitsInVain: Reason = {
  code: 'WAITS_FOR',
  message:
    'The target lets only one user have this value, and the user who has it keeps it: nothing changes that, or what ' +
    'would is a conflict, or held. Settle that first, or give another value.',
};
