import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LockHolder } from '../../src/contracts/ledger.ts';
import { connect, requireDurable } from '../../src/ledger/connection.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { migrate, schemaVersion } from '../../src/ledger/schema.ts';
import { account, all, at, otherScope, scope } from './build.ts';
import { endChildren, lockInChild } from './child.ts';
import { type Directory, makeDirectory } from './directory.ts';

const holder: LockHolder = { runId: 'run-1', pid: process.pid, host: 'here.example.com', since: at };

let directory: Directory;
let path: string;

beforeEach(() => {
  directory = makeDirectory();
  path = directory.path('ledger.db');
});
afterEach(async () => {
  await endChildren();
  directory.remove();
});

/** A ledger of some hundred pages, closed. */
async function makeLedger(): Promise<void> {
  const ledger = await openLedger(path);
  await ledger.saveAccounts(
    scope,
    Array.from({ length: 2000 }, (_, index) => account(`user${index}`)),
  );
  await ledger.close();
}

/** Hashes of all files that hold anything, to show that nothing was touched: the index of the log does not. */
function contents(): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const name of readdirSync(directory.path()).toSorted()) {
    const file = directory.path(name);
    if (!statSync(file).isFile() || name.endsWith('-shm')) continue;
    if (name.endsWith('-wal') && statSync(file).size === 0) continue;
    hashes.set(name, createHash('sha256').update(readFileSync(file)).digest('hex'));
  }
  return hashes;
}

function mode(...names: readonly string[]): string {
  return (statSync(directory.path(...names)).mode & 0o777).toString(8);
}

async function expectRefused(code: string): Promise<void> {
  const before = contents();
  await expect(openLedger(path)).rejects.toMatchObject({ name: 'Failure', code, exit: 1 });
  expect(contents()).toEqual(before);
}

describe('durability', () => {
  test('every connection has a write-ahead log, full synchronisation and foreign keys', async () => {
    await makeLedger();
    const connection = connect(path, { readOnly: false });
    const pragma = (name: string) => Object.values(connection.query<object>(`PRAGMA ${name}`).get() ?? {});
    expect(pragma('journal_mode')).toEqual(['wal']);
    expect(pragma('synchronous')).toEqual([2]);
    expect(pragma('foreign_keys')).toEqual([1]);
    connection.close();
  });

  test.each(['synchronous = NORMAL', 'synchronous = OFF', 'journal_mode = DELETE', 'foreign_keys = OFF'])(
    'a connection with %s is refused',
    async (pragma) => {
      await makeLedger();
      const database = new DatabaseSync(path);
      database.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
      expect(() => requireDurable(database, path)).not.toThrow();
      database.exec(`PRAGMA ${pragma}`);
      expect(() => requireDurable(database, path)).toThrow(
        expect.objectContaining({ code: 'LEDGER_NOT_DURABLE' }),
      );
      database.close();
    },
  );
});

describe('a file that cannot be used is refused and left as it is', () => {
  test('a file that is no database', async () => {
    writeFileSync(path, 'Employee ID,User Login\n'.repeat(1000));
    await expectRefused('LEDGER_DAMAGED');
  });

  test('an empty file', async () => {
    writeFileSync(path, '');
    await expectRefused('LEDGER_DAMAGED');
  });

  test('a ledger that was cut short', async () => {
    await makeLedger();
    truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096);
    await expectRefused('LEDGER_DAMAGED');
  });

  test('a ledger with a page overwritten', async () => {
    await makeLedger();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, Math.floor(bytes.length / 8192) * 4096, Math.floor(bytes.length / 8192) * 4096 + 4096);
    writeFileSync(path, bytes);
    await expectRefused('LEDGER_DAMAGED');
  });

  test('a damaged ledger whose last run was killed, its log included', async () => {
    await makeLedger();
    const ledger = await openLedger(path);
    await ledger.noteCompleteRead(scope, at);
    // A copy of the files as they are in the middle of a run is what a kill leaves.
    mkdirSync(directory.path('killed'));
    for (const suffix of ['', '-wal']) {
      cpSync(`${path}${suffix}`, directory.path('killed', `ledger.db${suffix}`));
    }
    await ledger.close();
    for (const suffix of ['', '-wal']) {
      renameSync(directory.path('killed', `ledger.db${suffix}`), `${path}${suffix}`);
    }
    rmSync(directory.path('killed'), { recursive: true });
    const bytes = readFileSync(path);
    bytes.fill(0xa5, Math.floor(bytes.length / 8192) * 4096);
    writeFileSync(path, bytes);
    expect(contents().size).toBe(2);
    await expectRefused('LEDGER_DAMAGED');
  });

  test('a log whose ledger is missing', async () => {
    writeFileSync(`${path}-wal`, 'x');
    await expectRefused('LEDGER_DAMAGED');
  });

  test('another program’s SQLite file', async () => {
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE songs (title TEXT)');
    database.close();
    await expectRefused('LEDGER_FOREIGN');
  });

  test('a ledger of a newer schema', async () => {
    await makeLedger();
    const database = new DatabaseSync(path);
    database.exec(`PRAGMA user_version = ${schemaVersion + 1}`);
    database.close();
    await expectRefused('LEDGER_NEWER');
    await expect(openLedger(path)).rejects.toThrow('written by a newer rollcall');
  });

  test('a directory', async () => {
    mkdirSync(path);
    await expect(openLedger(path)).rejects.toMatchObject({ name: 'Failure', exit: 1 });
  });
});

describe('schema', () => {
  test('an older ledger takes only the steps that it lacks', async () => {
    await makeLedger();
    const connection = connect(path, { readOnly: false });
    const skipped = Array.from({ length: schemaVersion }, () => 'this was done long ago');
    migrate(connection, [...skipped, 'CREATE TABLE added (name TEXT)']);
    expect(connection.query<{ name: string }>('SELECT name FROM added').all()).toEqual([]);
    connection.close();
    await expectRefused('LEDGER_NEWER');
  });

  test('an upgrade that fails midway leaves the ledger as it was', async () => {
    await makeLedger();
    const connection = connect(path, { readOnly: false });
    const skipped = Array.from({ length: schemaVersion }, () => '');
    expect(() => migrate(connection, [...skipped, 'CREATE TABLE added (name TEXT)', 'mistaken'])).toThrow();
    connection.close();
    const ledger = await openLedger(path);
    expect(await all(ledger.accounts(scope))).toHaveLength(2000);
    await ledger.close();
  });
});

describe('access', () => {
  test('all files are their owner’s only, and so are directories that had to be made', async () => {
    path = directory.path('deep', 'er', 'ledger.db');
    const ledger = await openLedger(path);
    await ledger.lock(scope, holder);
    const names = readdirSync(directory.path('deep', 'er')).toSorted();
    expect(names).toHaveLength(4);
    expect(names.slice(0, 1)).toEqual(['ledger.db']);
    expect(names.map((name) => mode('deep', 'er', name))).toEqual(names.map(() => '600'));
    expect([mode('deep'), mode('deep', 'er')]).toEqual(['700', '700']);
    await ledger.close();
  });

  test('a ledger that others could read no longer can be', async () => {
    await makeLedger();
    chmodSync(path, 0o644);
    await (await openLedger(path)).close();
    expect(mode('ledger.db')).toBe('600');
  });

  test('nothing but the ledger is left once it is closed', async () => {
    await makeLedger();
    expect(readdirSync(directory.path())).toEqual(['ledger.db']);
  });

  test('processes that make the ledger at the same time get the same one', async () => {
    const source = {
      module: fileURLToPath(new URL('../../src/ledger/open-ledger.ts', import.meta.url)),
      address: path,
    };
    const children = await Promise.all(
      ['a', 'b', 'c', 'd'].map((job) => lockInChild(source, { ...scope, job }, holder)),
    );
    expect(new Set(children.map(({ said }) => said.lineage)).size).toBe(1);
    expect(children.every(({ said }) => said.held)).toBe(true);
  });

  test('a ledger reached by another name has the same locks', async () => {
    const ledger = await openLedger(path);
    await ledger.lock(scope, holder);
    symlinkSync(path, directory.path('alias.db'));
    const alias = await openLedger(directory.path('alias.db'));
    expect((await alias.lock(scope, holder)).held).toBe(false);
    await alias.close();
    await ledger.close();
  });
});

describe('read-only', () => {
  test('reads while another writes, and writes nothing itself', async () => {
    const writer = await openLedger(path);
    const reader = await openLedger(path, { readOnly: true });
    await writer.saveAccounts(scope, [account('ada')]);
    expect(reader.lineage).toBe(writer.lineage);
    expect(await all(reader.accounts(scope))).toEqual([account('ada')]);
    expect(await all(reader.accounts(otherScope))).toEqual([]);
    await expect(reader.saveAccounts(scope, [account('bob')])).rejects.toMatchObject({
      code: 'LEDGER_INACCESSIBLE',
    });
    await reader.close();
    await writer.close();
  });

  test('a missing ledger is not made', async () => {
    await expect(openLedger(path, { readOnly: true })).rejects.toMatchObject({
      code: 'LEDGER_MISSING',
      exit: 1,
    });
    expect(readdirSync(directory.path())).toEqual([]);
  });
});
