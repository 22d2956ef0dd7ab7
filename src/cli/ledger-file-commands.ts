import path from 'node:path';
import { backUpLedger } from '../ledger/backup-ledger.ts';
import { checkLedger } from '../ledger/check-ledger.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { pruneLedger } from '../ledger/prune-ledger.ts';
import { restoreLedger } from '../ledger/restore-ledger.ts';
import { type Shrunk, shrinkLedger } from '../ledger/shrink-ledger.ts';
import { readJob } from '../job/read-job.ts';
import { providers } from '../providers/registry.ts';
import { checkRunSums } from '../run/check-sums.ts';
import { removeReports } from '../run/remove-reports.ts';
import { dayMs } from './option-values.ts';
import { close, commandName, print, printJson } from './output.ts';
import { number, plural } from './text.ts';

export interface LedgerFileFlags {
  readonly json?: boolean;
}

export interface PruneFlags extends LedgerFileFlags {
  /** Milliseconds. */
  readonly olderThan: number;
  readonly keepReports?: boolean;
  readonly dryRun?: boolean;
}

/** The ledger of a job, where a job file is named, or the file itself. */
async function ledgerNamed(name: string): Promise<string> {
  if (!/\.(ya?ml|json)$/i.test(name)) return path.resolve(name);
  return (await readJob(name, { providers })).job.ledger;
}

export async function backupCommand(
  name: string,
  flags: LedgerFileFlags & { readonly to: string },
): Promise<number> {
  const ledger = await ledgerNamed(name);
  const { file, bytes } = await backUpLedger(ledger, flags.to, now());
  if (flags.json === true) printJson({ ledger, file, bytes });
  else print(`backed up  ${ledger} to ${flags.to} (${sizeText(bytes)})`);
  close(
    `Nothing was written to a target. To put it back: ${commandName()} ledger restore ${flags.to} --to ${name}`,
  );
  return 0;
}

export async function restoreCommand(
  backup: string,
  flags: LedgerFileFlags & { readonly to: string },
): Promise<number> {
  const restored = await restoreLedger(backup, await ledgerNamed(flags.to), now());
  const { file, backedUpAt, lastRun, keptAs } = restored;
  if (flags.json === true) printJson(restored);
  else {
    const until = backedUpAt ?? 'unknown (it was copied by other means)';
    const lines = [
      `restored  ${file}`,
      `as of     ${until}; the last run that it knows is ${lastRun ?? 'none'}`,
      ...(keptAs === null
        ? []
        : [`before    kept as ${keptAs}; it holds personal data, so delete it in time`]),
      'lost      what was learned since: runs, links, approvals, protections, bars, and which deltas were taken',
    ];
    print(lines.join('\n'));
  }
  close(
    'Nothing was written to a target. Runs since the backup may have written what this ledger does not know: the next apply reads the target, looks up what is open, and plans anew. Plans of before are refused. Next: look at what it would do: rollcall plan JOB',
  );
  return 0;
}

const damagedExit = 1;

export async function checkCommand(name: string, flags: LedgerFileFlags): Promise<number> {
  const check = checkLedger(await ledgerNamed(name));
  const isReadable = check.problems.length === 0;
  const sums = isReadable ? await sumsOf(check.file) : { runs: 0, problems: [] };
  const problems = [...check.problems, ...sums.problems];
  if (flags.json === true) printJson({ ...check, runs: sums.runs, problems });
  else {
    const size = `${sizeText(check.bytes)}${check.logBytes === 0 ? '' : `, its log ${sizeText(check.logBytes)}`}`;
    print(`checked   ${check.file} (${size}, schema ${check.schema})`);
    if (check.backedUpAt !== null) print(`backup    of ${check.backedUpAt}`);
    if (check.restoredAt !== null) print(`restored  at ${check.restoredAt}`);
    for (const problem of problems) print(`wrong     ${problem}`);
    if (problems.length === 0) {
      print(`in order  pages, references, lineage, and the sums of ${plural(sums.runs, 'run')}`);
    }
  }
  close(
    problems.length === 0
      ? 'Nothing was written: the ledger is in order.'
      : `Nothing was written. Next: put back a backup: ${commandName()} ledger restore FILE --to ${name}`,
  );
  return problems.length === 0 ? 0 : damagedExit;
}

async function sumsOf(file: string): ReturnType<typeof checkRunSums> {
  const ledger = await openLedger(file, { readOnly: true });
  try {
    return await checkRunSums(ledger);
  } finally {
    await ledger.close();
  }
}

export async function pruneCommand(name: string, flags: PruneFlags): Promise<number> {
  const dryRun = flags.dryRun === true;
  const at = now();
  const before = new Date(Date.parse(at) - flags.olderThan).toISOString();
  const ledger = await ledgerNamed(name);
  const runs = await pruneLedger(ledger, { before, at, dryRun });
  const size = dryRun ? null : await shrinkLedger(ledger);
  const reports = dryRun || flags.keepReports === true ? 0 : await removeReports(runs);
  const changes = runs.reduce((sum, run) => sum + run.changes, 0);
  if (flags.json === true) printJson({ before, dryRun, runs, changes, reports, size });
  else {
    const verb = dryRun ? 'would go' : 'deleted';
    print(
      `${verb}  ${number(changes)} changes of ${plural(runs.length, 'run')} that ended before ${before}, and ${plural(reports, 'report')}`,
    );
    if (size !== null) print(`ledger   ${shrunkText(size)}`);
  }
  close(
    dryRun
      ? `Nothing was deleted. Next: ${commandName()} ledger prune ${name} --older-than ${flags.olderThan / dayMs}d`
      : 'Nothing was written to a target. Accounts, links, accepted feeds and decisions are as they were.',
  );
  return 0;
}

function now(): string {
  return new Date().toISOString();
}

function shrunkText({ bytesBefore, bytesAfter, kept }: Shrunk): string {
  const now = sizeText(bytesAfter);
  if (kept === 'underWay') return `${now}; it shrinks when nobody works with it: prune it again then`;
  if (kept === 'disk') return `${now}; the disk has no room for the copy that shrinking it takes`;
  return bytesAfter < bytesBefore ? `${now}, before ${sizeText(bytesBefore)}` : now;
}

const megabyte = 1_000_000;

export function sizeText(bytes: number): string {
  return bytes < megabyte ? `${number(Math.ceil(bytes / 1_000))} kB` : `${(bytes / megabyte).toFixed(1)} MB`;
}
