import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LockHolder } from '../../src/contracts/ledger.ts';
import { backUpLedger } from '../../src/ledger/backup-ledger.ts';
import { checkLedger } from '../../src/ledger/check-ledger.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { pruneLedger } from '../../src/ledger/prune-ledger.ts';
import { restoreLedger } from '../../src/ledger/restore-ledger.ts';
import { shrinkLedger } from '../../src/ledger/shrink-ledger.ts';
import { account, all, at, change, outcome, run, scope } from './build.ts';
import { endChildren, lockInChild } from './child.ts';
import { type Directory, makeDirectory } from './directory.ts';

const holder: LockHolder = { runId: 'run-1', pid: process.pid, host: 'here.example.com', since: at };
const later = '2026-11-03T02:15:00.000Z';

let directory: Directory;
let path: string;
let copy: string;

beforeEach(() => {
  directory = makeDirectory();
  path = directory.path('ledger.db');
  copy = directory.path('backup.db');
});
afterEach(async () => {
  await endChildren();
  directory.remove();
});

/** A ledger that knows so many users, read as a whole, and one run. */
async function makeLedger(users = 500): Promise<void> {
  const ledger = await openLedger(path);
  await ledger.startRun(run('run-1', { state: 'finished', finishedAt: at, exitCode: 0 }));
  await ledger.saveAccounts(
    scope,
    Array.from({ length: users }, (_, index) => account(`user${index}`)),
  );
  await ledger.noteCompleteRead(scope, at);
  await ledger.close();
}

async function usersOf(file: string): Promise<number> {
  const ledger = await openLedger(file, { readOnly: true });
  const accounts = await all(ledger.accounts(scope));
  await ledger.close();
  return accounts.length;
}

describe('a backup', () => {
  test('holds what the ledger held, in one file of the owner’s own', async () => {
    await makeLedger();
    const { bytes } = await backUpLedger(path, copy, at);
    expect(readdirSync(directory.path()).filter((name) => name.startsWith('backup'))).toEqual(['backup.db']);
    expect(statSync(copy)).toMatchObject({ size: bytes });
    expect((statSync(copy).mode & 0o777).toString(8)).toBe('600');
    expect(await usersOf(copy)).toBe(500);
    expect(checkLedger(copy)).toMatchObject({ backedUpAt: at, problems: [] });
  });

  test('is made while a run writes, with what is in its log, and the run keeps its lock', async () => {
    await makeLedger();
    const running = await openLedger(path);
    await running.lock(scope, holder);
    await running.saveAccounts(scope, [account('just now')]);
    await backUpLedger(path, copy, at);
    expect(await usersOf(copy)).toBe(501);
    const source = fileURLToPath(new URL('../../src/ledger/open-ledger.ts', import.meta.url));
    const child = await lockInChild({ module: source, address: path }, scope, holder);
    expect(child.said.held).toBe(false);
    await running.close();
  });

  test('replaces an older backup, and nothing else: neither the ledger nor that of another job', async () => {
    await makeLedger();
    await backUpLedger(path, copy, at);
    await backUpLedger(path, copy, later);
    expect(checkLedger(copy)).toMatchObject({ backedUpAt: later });
    const other = directory.path('other.db');
    await (await openLedger(other)).close();
    writeFileSync(directory.path('notes.txt'), 'mine');
    for (const place of [path, other, directory.path('notes.txt')]) {
      await expect(backUpLedger(path, place, at)).rejects.toMatchObject({
        code: 'BACKUP_IN_THE_WAY',
        exit: 1,
      });
    }
    expect(readFileSync(directory.path('notes.txt'), 'utf8')).toBe('mine');
    expect(readdirSync(directory.path()).filter((name) => name.includes('.new-'))).toEqual([]);
  });

  test('of a damaged ledger is not made', async () => {
    await makeLedger(2_000);
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 40_960, 49_152);
    writeFileSync(path, bytes);
    await expect(backUpLedger(path, copy, at)).rejects.toMatchObject({ code: 'LEDGER_DAMAGED' });
    expect(existsSync(copy)).toBe(false);
  });
});

describe('restoring', () => {
  test('puts the backup in place with a lineage of its own, and its accounts are no state', async () => {
    await makeLedger();
    const before = await openLedger(path);
    await backUpLedger(path, copy, at);
    await before.saveAccounts(scope, [account('since then')]);
    const { lineage } = before;
    await before.close();

    const restored = await restoreLedger(copy, path, later);
    expect(restored).toMatchObject({ backedUpAt: at, lastRun: 'run-1' });
    const now = await openLedger(path);
    expect(now.lineage).not.toBe(lineage);
    expect((await now.scope(scope)).completeReadAt).toBeNull();
    expect(await all(now.accounts(scope))).toHaveLength(500);
    await now.close();
    expect(checkLedger(path)).toMatchObject({ restoredAt: later, problems: [] });
    expect(await usersOf(restored.keptAs ?? '')).toBe(501);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  });

  test('takes a ledger’s place that is missing, or that nobody can read any more', async () => {
    await makeLedger();
    await backUpLedger(path, copy, at);
    const elsewhere = directory.path('new', 'ledger.db');
    expect(await restoreLedger(copy, elsewhere, later)).toMatchObject({ keptAs: null });
    expect(await usersOf(elsewhere)).toBe(500);

    writeFileSync(path, 'no database any more');
    writeFileSync(`${path}-wal`, 'nor a log');
    const { keptAs } = await restoreLedger(copy, path, later);
    expect(readFileSync(keptAs ?? '', 'utf8')).toBe('no database any more');
    expect(readFileSync(`${keptAs}-wal`, 'utf8')).toBe('nor a log');
    expect(await usersOf(path)).toBe(500);
    await (await openLedger(path)).close();
  });

  test('is refused while a run of any scope goes on, in this process or in another', async () => {
    await makeLedger();
    await backUpLedger(path, copy, at);
    const refused = { code: 'RUN_UNDER_WAY', exit: 5 };
    const running = await openLedger(path);
    await running.lock(scope, holder);
    await expect(restoreLedger(copy, path, later)).rejects.toMatchObject(refused);
    await running.close();
    const source = fileURLToPath(new URL('../../src/ledger/open-ledger.ts', import.meta.url));
    await lockInChild({ module: source, address: path }, { ...scope, job: 'crm' }, holder);
    await expect(restoreLedger(copy, path, later)).rejects.toMatchObject(refused);
    expect(readdirSync(directory.path()).filter((name) => /new-|replaced/.test(name))).toEqual([]);
  });

  test('is refused while somebody has the ledger open', async () => {
    await makeLedger();
    await backUpLedger(path, copy, at);
    const reader = await openLedger(path, { readOnly: true });
    await all(reader.accounts(scope));
    await expect(restoreLedger(copy, path, later)).rejects.toMatchObject({ code: 'LEDGER_BUSY', exit: 75 });
    await reader.close();
    await restoreLedger(copy, path, later);
  });

  test('of a damaged backup, or of another program’s file, leaves the ledger as it is', async () => {
    await makeLedger();
    await backUpLedger(path, copy, at);
    truncateSync(copy, 40_960);
    await expect(restoreLedger(copy, path, later)).rejects.toMatchObject({ code: 'LEDGER_DAMAGED' });
    const songs = new DatabaseSync(directory.path('songs.db'));
    songs.exec('CREATE TABLE songs (title TEXT)');
    songs.close();
    await expect(restoreLedger(directory.path('songs.db'), path, later)).rejects.toMatchObject({
      code: 'LEDGER_FOREIGN',
    });
    expect(await usersOf(path)).toBe(500);
  });
});

describe('a check', () => {
  test('finds pages that are flipped in a ledger that still opens to read', async () => {
    await makeLedger(2_000);
    expect(checkLedger(path).problems).toEqual([]);
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 40_960, 45_056);
    writeFileSync(path, bytes);
    expect(checkLedger(path).problems.length).toBeGreaterThan(0);
  });

  test('finds entries whose run is missing, and a lineage that is', async () => {
    await makeLedger();
    const database = new DatabaseSync(path);
    database.exec(`PRAGMA foreign_keys = OFF; DELETE FROM ledger;
      INSERT INTO changes (run_number, seq, body) VALUES (77, 1, '{}')`);
    database.close();
    expect(checkLedger(path).problems).toEqual([
      '1 rows of changes that refer to missing runs',
      'it has 0 lineages instead of one',
    ]);
  });

  test.skipIf(process.getuid?.() === 0)('says that a file cannot be read by this account', async () => {
    await makeLedger();
    chmodSync(path, 0o000);
    expect(() => checkLedger(path)).toThrow(expect.objectContaining({ code: 'LEDGER_INACCESSIBLE' }));
  });
});

describe('pruning', () => {
  const options = { before: '2026-10-01T00:00:00.000Z', at, dryRun: false };

  /** Five runs, a month apart, of two changes each. */
  async function makeRuns(): Promise<void> {
    const ledger = await openLedger(path);
    for (const month of ['06', '07', '08', '09', '10']) {
      const id = `run-${month}`;
      const finishedAt = `2026-${month}-02T02:15:00.000Z`;
      const state = month === '07' ? 'stopped' : 'running';
      await ledger.startRun(run(id, { startedAt: finishedAt, facts: { directory: `/runs/${id}` } }));
      await ledger.storeChanges(id, [change(1), change(2)]);
      await ledger.recordIntents(id, [{ batch: 1, attempt: 1, at, steps: [{ seq: 1, step: 0 }] }]);
      await ledger.settle(id, scope, { outcomes: [outcome(1, 0)], accounts: [account('ada')], removed: [] });
      await ledger.acceptFeed(id, {
        ...{ feed: '', file: 'hr.csv', sha256: month, bytes: 1, rows: 1, modifiedAt: null, at },
      });
      const ended = state === 'stopped' ? ('stopped' as const) : ('finished' as const);
      await ledger.finishRun(id, { state: ended, finishedAt, exitCode: ended === 'stopped' ? 4 : 0 });
    }
    await ledger.close();
  }

  async function changesLeft(): Promise<readonly number[]> {
    const ledger = await openLedger(path, { readOnly: true });
    const counts: number[] = [];
    for (const { id } of (await ledger.runs({ limit: 9 })).toReversed()) {
      counts.push((await all(ledger.changes(id))).length);
    }
    await ledger.close();
    return counts;
  }

  test('keeps a run whose accounts have yet to be told what it did', async () => {
    await makeRuns();
    const ledger = await openLedger(path);
    await ledger.recordOutcomes('run-08', [outcome(2, 0)]);
    await ledger.close();
    expect((await pruneLedger(path, options)).map(({ id }) => id)).toEqual(['run-06', 'run-09']);
    const later = await openLedger(path);
    await later.noteAllTold('run-08');
    await later.close();
    expect((await pruneLedger(path, options)).map(({ id }) => id)).toEqual(['run-08']);
    expect(checkLedger(path).problems).toEqual([]);
  });

  test('deletes what old runs did, and neither runs, accounts, accepted feeds nor what is open', async () => {
    await makeRuns();
    const pruned = await pruneLedger(path, options);
    expect(pruned.map(({ id, changes, directory: folder }) => [id, changes, folder])).toEqual([
      ['run-06', 2, '/runs/run-06'],
      ['run-08', 2, '/runs/run-08'],
      ['run-09', 2, '/runs/run-09'],
    ]);
    expect(await changesLeft()).toEqual([0, 2, 0, 0, 2]);
    const ledger = await openLedger(path);
    expect(await ledger.run('run-06')).toMatchObject({ prunedAt: at, exitCode: 0 });
    expect(await ledger.run('run-10')).not.toHaveProperty('prunedAt');
    expect(await all(ledger.accounts(scope))).toHaveLength(1);
    expect(await ledger.acceptedFeeds(scope, '', '06')).toHaveLength(1);
    await ledger.close();
    expect(checkLedger(path).problems).toEqual([]);
    expect(await pruneLedger(path, options)).toEqual([]);
  });

  test('keeps the last run of a target that wrote, however old it is', async () => {
    await makeRuns();
    await pruneLedger(path, { ...options, before: '2027-01-01T00:00:00.000Z' });
    expect(await changesLeft()).toEqual([0, 2, 0, 0, 2]);
  });

  test('only tells, when it is asked to', async () => {
    await makeRuns();
    expect(await pruneLedger(path, { ...options, dryRun: true })).toHaveLength(3);
    expect(await changesLeft()).toEqual([2, 2, 2, 2, 2]);
  });

  test('goes on where it was killed', async () => {
    await makeRuns();
    const database = new DatabaseSync(path);
    database.exec(`UPDATE runs SET pruned_at = '${at}' WHERE run_id = 'run-06';
      DELETE FROM step_entries WHERE run_number = 1; DELETE FROM changes WHERE run_number = 1 AND seq = 2`);
    database.close();
    expect((await pruneLedger(path, options)).map(({ id }) => id)).toContain('run-06');
    expect(await changesLeft()).toEqual([0, 2, 0, 0, 2]);
  });
});

describe('shrinking', () => {
  const options = { before: '2026-10-01T00:00:00.000Z', at, dryRun: false };

  /** Two runs of which the first is old, and what an old one leaves when it is pruned. */
  async function makePruned(): Promise<void> {
    const ledger = await openLedger(path);
    await ledger.saveAccounts(scope, [account('ada')]);
    for (const month of ['06', '10']) {
      const id = `run-${month}`;
      const changes = Array.from({ length: month === '06' ? 5_000 : 10 }, (_, index) => change(index + 1));
      await ledger.startRun(run(id));
      await ledger.storeChanges(id, changes);
      await ledger.finishRun(id, {
        state: 'finished',
        finishedAt: `2026-${month}-02T02:15:00.000Z`,
        exitCode: 0,
      });
    }
    await ledger.close();
    await pruneLedger(path, options);
  }

  test('gives back what deleted entries took, and keeps all others', async () => {
    await makePruned();
    const { bytesBefore, bytesAfter, kept } = await shrinkLedger(path);
    expect(kept).toBeNull();
    expect(bytesBefore).toBeGreaterThan(500_000);
    expect(bytesAfter).toBeLessThan(bytesBefore / 2);
    expect(statSync(path).size).toBe(bytesAfter);
    expect(checkLedger(path).problems).toEqual([]);
    const ledger = await openLedger(path, { readOnly: true });
    expect(await all(ledger.accounts(scope))).toHaveLength(1);
    expect(await all(ledger.changes('run-10'))).toHaveLength(10);
    await ledger.close();
    expect(await shrinkLedger(path)).toEqual({ bytesBefore: bytesAfter, bytesAfter, kept: null });
  });

  test('leaves a ledger alone that a run works with, of whatever job', async () => {
    await makePruned();
    const source = fileURLToPath(new URL('../../src/ledger/open-ledger.ts', import.meta.url));
    await lockInChild({ module: source, address: path }, { ...scope, job: 'crm' }, holder);
    const before = statSync(path).size;
    expect(await shrinkLedger(path)).toEqual({ bytesBefore: before, bytesAfter: before, kept: 'underWay' });
  });

  test('leaves a ledger alone on a disk without room for a copy', async () => {
    await makePruned();
    const before = statSync(path).size;
    expect(await shrinkLedger(path, () => 10_000)).toEqual({
      ...{ bytesBefore: before, bytesAfter: before, kept: 'disk' },
    });
  });

  test('lets the next run begin as soon as it is over', async () => {
    await makePruned();
    await shrinkLedger(path);
    const ledger = await openLedger(path);
    expect(await ledger.lock(scope, holder)).toMatchObject({ held: true });
    await ledger.close();
  });
});
