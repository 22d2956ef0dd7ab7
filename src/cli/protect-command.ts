import type { Ledger, Protection, Scope } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';
import { readJob } from '../job/read-job.ts';
import { selectTargets } from '../job/select-targets.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { providers } from '../providers/registry.ts';
import { isInForce } from '../run/bounds.ts';
import { bareTable } from './bare-table.ts';
import { close, commandName, print, printJson } from './output.ts';
import { openWorld } from './terminal.ts';
import { plural, printable } from './text.ts';

export interface ProtectFlags {
  readonly env?: string;
  /** Names of the targets; all when absent. */
  readonly target?: readonly string[];
  readonly json?: boolean;
}

export interface ProtectUntilFlags extends ProtectFlags {
  /** ISO 8601: the moment at which it ends. */
  readonly until?: string;
  readonly reason?: string;
}

/** Keeps a person's account as it is until a day; without a key it lists whose are. */
export async function protectCommand(
  jobFile: string,
  key: string | undefined,
  flags: ProtectUntilFlags,
): Promise<number> {
  const { now, operator } = nowAndOperator();
  if (key === undefined) return list(jobFile, flags, now);
  const { until, reason } = flags;
  if (until === undefined || reason === undefined || reason.trim() === '') throw incomplete();
  if (Date.parse(until) <= Date.parse(now)) throw past(until);
  const protection: Protection = { linkKey: key.normalize('NFC'), key, until, reason, operator, at: now };
  const scopes = await onScopes(jobFile, flags, async (ledger, scope) => {
    await ledger.protect(scope, protection);
    return isLinked(ledger, scope, protection.linkKey);
  });
  if (flags.json === true) printJson(protection);
  else print(`protected  ${printable(key)} until ${until}: ${printable(reason)}`);
  const unknown = scopes.some((isKnown) => isKnown)
    ? ''
    : ' No account is linked to this key yet: check how the feed spells it.';
  close(
    `Nothing was written to a target.${unknown} It ends by itself; earlier with: ${commandName()} unprotect ${jobFile} ${printable(key)}`,
  );
  return 0;
}

/** Ends it before its day. */
export async function unprotectCommand(jobFile: string, key: string, flags: ProtectFlags): Promise<number> {
  const linkKey = key.normalize('NFC');
  const ended = await onScopes(jobFile, flags, async (ledger, scope) => {
    const known = (await ledger.protections(scope)).some((one) => one.linkKey === linkKey);
    if (known) await ledger.unprotect(scope, [linkKey]);
    return known;
  });
  if (!ended.some((known) => known)) throw notProtected(jobFile);
  if (flags.json === true) printJson({ key, protected: false });
  else print(`unprotected  ${printable(key)}`);
  close(`Nothing was written to a target. Next: ${commandName()} plan ${jobFile}`);
  return 0;
}

async function list(jobFile: string, flags: ProtectFlags, now: string): Promise<number> {
  const found = await onScopes(jobFile, flags, async (ledger, scope) =>
    (await ledger.protections(scope))
      .filter((one) => isInForce(one, now))
      .map((one) => ({ target: scope.origin, ...one })),
  );
  const all = found.flat();
  if (flags.json === true) printJson(all.map(({ linkKey: _, ...shown }) => shown));
  else print(all.length === 0 ? 'nobody is protected for a while' : tableOf(all));
  close(
    `Nothing was written. ${plural(all.length, 'account')} kept as ${all.length === 1 ? 'it is' : 'they are'}.`,
  );
  return 0;
}

function tableOf(all: readonly (Protection & { readonly target: string })[]): string {
  const rows = all.map(({ key, target, until, reason, operator, at }) => [
    printable(key),
    until,
    printable(target),
    printable(operator),
    at,
    printable(reason),
  ]);
  return bareTable(['key', 'until', 'target', 'by', 'since', 'reason'], rows);
}

async function onScopes<Result>(
  jobFile: string,
  { env, target = [] }: ProtectFlags,
  act: (ledger: Ledger, scope: Scope) => Promise<Result>,
): Promise<readonly Result[]> {
  const { jobs } = await readJob(jobFile, { providers, ...(env === undefined ? {} : { environment: env }) });
  const [first] = jobs;
  const ledger = await openLedger(first?.ledger ?? '');
  try {
    const results: Result[] = [];
    for (const job of selectTargets(jobs, target)) results.push(await act(ledger, scopeOf(job)));
    return results;
  } finally {
    await ledger.close();
  }
}

function scopeOf(job: Job): Scope {
  return { job: job.name, origin: job.target.origin };
}

async function isLinked(ledger: Ledger, scope: Scope, linkKey: string): Promise<boolean> {
  for await (const page of ledger.accounts(scope)) {
    if (page.some((account) => account.linkKey === linkKey)) return true;
  }
  return false;
}

function nowAndOperator(): { readonly now: string; readonly operator: string } {
  const world = openWorld({ logLevel: null, quiet: true });
  const { operator } = world;
  const now = new Date(world.clock.now()).toISOString();
  world.close();
  return { now, operator };
}

function incomplete(): Failure {
  return new Failure({
    code: 'PROTECT_INCOMPLETE',
    message: 'A person is protected until a day and for a reason.',
    hint: `${commandName()} protect JOB KEY --until 2027-01-31 --reason "on secondment until then"`,
    exit: 1,
  });
}

function past(until: string): Failure {
  return new Failure({
    code: 'PROTECT_PAST',
    message: `${until} has gone by already.`,
    hint: 'Give a day that is still to come.',
    exit: 1,
  });
}

function notProtected(jobFile: string): Failure {
  return new Failure({
    code: 'NOT_PROTECTED',
    message: 'Nobody with this key is protected.',
    hint: `These are: ${commandName()} protect ${jobFile}`,
    exit: 1,
  });
}
