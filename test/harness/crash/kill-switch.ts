import { channel } from 'node:diagnostics_channel';
import fs, { appendFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';

/*
 * Loaded before the program (`node --import`), so that the program knows nothing of it, and before each of its threads.
 * Counts every step by which the program leaves something outside of itself, in whatever thread: transactions of SQLite,
 * requests, files. At the step with the number
 * in ROLLCALL_KILL_AT the process kills itself with SIGKILL. The file ROLLCALL_KILL_STEPS then holds that step's name, or,
 * when the program came to its end, how many steps it took. ROLLCALL_KILL_TRACE, when set, gets every name.
 *
 * With ROLLCALL_FULL_AT the disk is full from the write with that number on, and ROLLCALL_KILL_STEPS holds `full`, with a
 * line for each write that was sent to the target afterwards.
 */

const killAt = Number(process.env.ROLLCALL_KILL_AT ?? '0');
const stepsFile = process.env.ROLLCALL_KILL_STEPS ?? '';
const traceFile = process.env.ROLLCALL_KILL_TRACE ?? '';
const fullAt = Number(process.env.ROLLCALL_FULL_AT ?? '0');
const { kill, pid } = process;
/** The same memory in all threads: steps, writes, and whether the ledger itself could not be written. */
const shared = new Int32Array(sharedMemory());
const [stepsAt, writesAt, ledgerFullAt] = [0, 1, 2];
let isOurs = false;

const takesRoom = /commit of|COMMIT$|CREATE|^(?:open|writeFile|mkdir|copyFile)/;

/** Notes a write; says whether the disk has no room for it. */
function isFull(name: string): boolean {
  if (fullAt === 0 || isOurs || !takesRoom.test(name)) return false;
  const writes = Atomics.add(shared, writesAt, 1) + 1;
  if (writes === fullAt) ours(() => writeFileSync(stepsFile, `full at ${performance.now()}\n`));
  if (writes >= fullAt && name.startsWith('ledger.db ')) Atomics.store(shared, ledgerFullAt, 1);
  return writes >= fullAt;
}

function sharedMemory(): SharedArrayBuffer {
  const name = 'rollcall kill switch';
  const known = getEnvironmentData(name);
  if (known instanceof SharedArrayBuffer) return known;
  const made = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
  setEnvironmentData(name, made);
  return made;
}

function ours(work: () => void): void {
  isOurs = true;
  work();
  isOurs = false;
}

function noRoom(isSqlite: boolean): Error {
  const error = new Error(isSqlite ? 'database or disk is full' : 'ENOSPC: no space left on device, write');
  return Object.assign(
    error,
    isSqlite ? { code: 'ERR_SQLITE_ERROR', errcode: 13 } : { code: 'ENOSPC', errno: -28, syscall: 'write' },
  );
}

function step(name: string): void {
  if (isOurs) return;
  isOurs = true;
  const steps = Atomics.add(shared, stepsAt, 1) + 1;
  if (traceFile !== '') appendFileSync(traceFile, `${steps} ${name}\n`);
  if (steps === killAt) {
    writeFileSync(stepsFile, name);
    kill.call(process, pid, 'SIGKILL');
    for (;;);
  }
  isOurs = false;
}

/** Calls with a step before and one after. */
function between<T>(name: string, call: () => T): T {
  step(`before ${name}`);
  if (isFull(name)) throw noRoom(name.includes('.db'));
  const result = call();
  if (result instanceof Promise) {
    const told = (): void => step(`after ${name}`);
    result.then(told, () => undefined);
  } else step(`after ${name}`);
  return result;
}

function watchSqlite(): void {
  const databases = new WeakMap<StatementSync, DatabaseSync>();
  const written = new WeakMap<DatabaseSync, Set<string>>();
  const { prepare, exec } = DatabaseSync.prototype;
  const { run } = StatementSync.prototype;
  DatabaseSync.prototype.prepare = function prepareWatched(this: DatabaseSync, ...args) {
    const statement = prepare.apply(this, args);
    databases.set(statement, this);
    return statement;
  };
  DatabaseSync.prototype.exec = function execWatched(this: DatabaseSync, sql) {
    return between(`${fileOf(this)} ${sql.slice(0, 40).replaceAll(/\s+/g, ' ')}`, () => exec.call(this, sql));
  };
  StatementSync.prototype.run = function runWatched(this: StatementSync, ...values: unknown[]) {
    const go = (): unknown => Reflect.apply(run, this, values);
    const database = databases.get(this);
    if (database === undefined) return go();
    const sql = this.sourceSQL;
    const tables = written.get(database) ?? new Set();
    written.set(database, tables);
    const table = /^\s*(?:INSERT INTO|INSERT OR REPLACE INTO|UPDATE|DELETE FROM)\s+(\w+)/i.exec(sql)?.[1];
    if (table !== undefined) tables.add(table);
    if (database.isTransaction ? sql !== 'COMMIT' : table === undefined) return go();
    const name = `${fileOf(database)} commit of ${[...tables].sort().join('+')}`;
    tables.clear();
    return between(name, go);
  } as StatementSync['run'];
}

function fileOf(database: DatabaseSync): string {
  return plainName(database.location() ?? 'memory');
}

/** A file's name without what differs from run to run: ids, times, the number of the process. */
function plainName(file: string): string {
  return path
    .basename(file)
    .replaceAll(/[0-9TZ-]{8,}[0-9a-f-]*|[0-9a-f-]{12,}/g, '…')
    .replace(/(?<=^rollcall-\w+-)\w{6}$/, '…')
    .replace(/(?<=\.)\d+(?=\.tmp$)/, '…');
}

const undiciSteps = {
  'undici:client:sendHeaders': 'before the request',
  'undici:request:bodySent': 'after the request was sent',
  'undici:request:headers': 'as the answer begins',
  'undici:request:trailers': 'after the answer',
};

function watchRequests(): void {
  for (const [name, what] of Object.entries(undiciSteps)) {
    channel(name).subscribe((message) => {
      const { request } = message as {
        readonly request?: { readonly method?: string; readonly path?: string };
      };
      if (
        Atomics.load(shared, ledgerFullAt) === 1 &&
        name.endsWith('sendHeaders') &&
        !request?.path?.includes('list')
      )
        ours(() => appendFileSync(stepsFile, `sent ${request?.method}\n`));
      step(`${what} ${request?.method ?? ''} ${(request?.path ?? '').split('?')[0]}`);
    });
  }
}

const fileCalls = [
  'writeFile',
  'rename',
  'link',
  'rm',
  'rmdir',
  'unlink',
  'mkdir',
  'copyFile',
  'open',
  'chmod',
];

/** Files that are made, renamed or deleted; what is only read is no step. */
function watchFiles(): void {
  const sync = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  const promises = fs.promises as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const [holder, names] of [
    [sync, fileCalls.map((name) => `${name}Sync`)],
    [promises, fileCalls],
  ] as const) {
    for (const name of names) {
      const call = holder[name];
      if (call === undefined) continue;
      holder[name] = function watched(this: unknown, ...args: unknown[]) {
        const go = (): unknown => call.apply(this, args);
        const isRead = name.startsWith('open') && !/[wa]/.test(String(args[1] ?? 'r'));
        if (isOurs || isRead || String(args[0]).includes('compile')) return go();
        const what = `${name} ${typeof args[0] === 'number' ? 'open file' : plainName(String(args[0]))}`;
        if (holder === sync) return between(what, go);
        return (async () => between(what, go))();
      };
    }
  }
  syncBuiltinESMExports();
}

if (stepsFile !== '') {
  watchSqlite();
  watchRequests();
  watchFiles();
  process.on('exit', () => {
    isOurs = true;
    if (fullAt === 0 && isMainThread) writeFileSync(stepsFile, String(Atomics.load(shared, stepsAt)));
  });
}
