import type { Ledger, Lock, LockHolder, Scope } from '../../src/contracts/ledger.ts';

/** What the process says on its one line of output. */
export interface Said {
  readonly lineage: string;
  readonly held: boolean;
  readonly by: LockHolder | null;
}

/** How another process opens the same ledger: `openLedger(address)` of a module. */
export interface Source {
  readonly module: string;
  readonly address: string;
}

// A process of its own: opens a ledger, notes a complete read, tries to lock the scope, says how it went and
// stays until it is killed or its input ends.

const { source, scope, holder } = JSON.parse(process.argv[2] ?? '') as {
  source: Source;
  scope: Scope;
  holder: LockHolder;
};
const opener = (await import(source.module)) as { openLedger(address: string): Promise<Ledger> };
const ledger = await opener.openLedger(source.address);
await ledger.noteCompleteRead(scope, holder.since);
const lock: Lock = await ledger.lock(scope, { ...holder, pid: process.pid });
const said: Said = { lineage: ledger.lineage, held: lock.held, by: lock.held ? null : lock.by };
process.stdout.write(`${JSON.stringify(said)}\n`);
process.stdin.resume().on('end', () => process.exit(0));
