import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { KeptDecision, Ledger } from '../contracts/ledger.ts';
import type { Job } from '../job/job.ts';
import { readJob } from '../job/read-job.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { readPlan } from '../plan/read-plan.ts';
import { providers } from '../providers/registry.ts';
import { countsText, decidePlan, findPlan, type KnownPlan } from '../run/decide-plan.ts';
import { type LedgerFlags, ledgerFileOf } from './ledger-commands.ts';
import { close, commandName, print, printJson } from './output.ts';
import { openWorld } from './terminal.ts';
import { printable } from './text.ts';

export interface DecideFlags extends LedgerFlags {
  readonly by?: string;
  readonly reason: string;
}

export interface ApproveFlags extends DecideFlags {
  /** Milliseconds for which the approval holds. */
  readonly expires: number;
}

/** Releases a held plan, and any newer one whose guarded changes are all among its own. */
export async function approveCommand(reference: string, flags: ApproveFlags): Promise<number> {
  return decide('approved', reference, flags, flags.expires);
}

/** Takes back what was approved of a plan, and keeps it from being applied. */
export async function rejectCommand(reference: string, flags: DecideFlags): Promise<number> {
  return decide('rejected', reference, flags, null);
}

async function decide(
  kind: KeptDecision['kind'],
  reference: string,
  flags: DecideFlags,
  expiresMs: number | null,
): Promise<number> {
  const meant = await meantPlan(reference, flags);
  const ledger = await openLedger(meant.ledger);
  try {
    const plan = await findPlan(ledger, meant.reference);
    const world = openWorld({ logLevel: null, quiet: true });
    const { operator } = world;
    const now = world.clock.now();
    world.close();
    const { decision, changes } = await decidePlan(ledger, plan, {
      kind,
      by: flags.by ?? operator,
      operator,
      reason: flags.reason,
      at: new Date(now).toISOString(),
      expiresAt: expiresMs === null ? null : new Date(now + expiresMs).toISOString(),
      fourEyes: (await jobOf(plan))?.fourEyes ?? false,
    });
    if (flags.json === true) printJson({ ...decision, changes });
    else print(describe(decision, countsText(changes)));
    close(await closing(decision, plan, ledger));
    return 0;
  } finally {
    await ledger.close();
  }
}

interface Meant {
  readonly ledger: string;
  /** A run's id, or the beginning of a hash. */
  readonly reference: string;
}

/** A plan file names its job, and so its ledger. */
async function meantPlan(reference: string, flags: DecideFlags): Promise<Meant> {
  if (!isFile(reference)) return { ledger: await ledgerFileOf(flags), reference };
  const { header, hash } = readPlan(reference);
  if (flags.job !== undefined || flags.ledger !== undefined) {
    return { ledger: await ledgerFileOf(flags), reference: hash };
  }
  const environment = header.environment === null ? {} : { environment: header.environment };
  const { job } = await readJob(header.jobFile, { providers, ...environment });
  return { ledger: await ledgerFileOf({ ledger: job.ledger }), reference: hash };
}

function isFile(name: string): boolean {
  return existsSync(name) && statSync(name).isFile();
}

/** The job as it is now; null when it can't be read any more: whether two people are needed is asked again by apply. */
async function jobOf({ facts, run }: KnownPlan): Promise<Job | null> {
  const environment = facts.environment === null ? {} : { environment: facts.environment };
  const read = await readJob(facts.jobFile, { providers, ...environment }).catch(() => null);
  return read?.jobs.find(({ target }) => target.origin === run.scope.origin) ?? null;
}

function describe(decision: KeptDecision, changes: string): string {
  const { kind, planHash, runId, by, reason, expiresAt, guards } = decision;
  const until = expiresAt === null ? '' : `\nuntil     ${expiresAt}`;
  const held = guards.length === 0 ? 'no guard' : guards.join(', ');
  return `${kind.padEnd(8)}  plan ${planHash.slice(0, 12)} of run ${runId}: ${changes}\nheld by   ${held}\nby        ${printable(by)}: ${printable(reason)}${until}`;
}

async function closing({ kind }: KeptDecision, { run, facts }: KnownPlan, ledger: Ledger): Promise<string> {
  const nothing = 'Nothing was written to the target.';
  const job = path.relative(process.cwd(), facts.jobFile);
  const environment = facts.environment === null ? '' : ` --env ${facts.environment}`;
  if (kind === 'rejected') return `${nothing} The plan is not applied, and no approval of it holds any more.`;
  const { lastAppliedRun } = await ledger.scope(run.scope);
  const newer = `Next: ${commandName()} apply ${job}${environment}   (a newer plan passes while its guarded changes are among these)`;
  if (lastAppliedRun !== facts.previousRun) return `${nothing} ${newer}`;
  const file = path.relative(process.cwd(), path.join(facts.directory, 'plan.ndjson'));
  return `${nothing} Next: ${commandName()} apply --plan ${file}, or ${commandName()} apply ${job}${environment}`;
}
