import { existsSync } from 'node:fs';
import { readJob } from '../job/read-job.ts';
import { selectTargets } from '../job/select-targets.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { providers } from '../providers/registry.ts';
import {
  type HeldNote,
  type LedgerNote,
  ledgerNote,
  type RunNote,
  type TargetStatus,
  targetStatus,
} from '../run/job-status.ts';
import { sizeText } from './ledger-file-commands.ts';
import { close, commandName, print, printJson } from './output.ts';
import { number, plural, printable } from './text.ts';

export interface StatusFlags {
  readonly env?: string;
  readonly target?: readonly string[];
  readonly json?: boolean;
}

/** How a job stands, from its ledger alone: nothing is asked of a target. */
export async function statusCommand(jobFile: string, flags: StatusFlags): Promise<number> {
  const environment = flags.env === undefined ? {} : { environment: flags.env };
  const { jobs, job } = await readJob(jobFile, { providers, ...environment });
  if (!existsSync(job.ledger)) return withoutLedger(jobFile, job.ledger, flags);
  const now = new Date().toISOString();
  const ledger = await openLedger(job.ledger, { readOnly: true });
  const targets: TargetStatus[] = [];
  try {
    for (const one of selectTargets(jobs, flags.target ?? []))
      targets.push(await targetStatus(one, ledger, now));
  } finally {
    await ledger.close();
  }
  const note = ledgerNote(job.ledger);
  const next = nextOf(targets, jobFile);
  if (flags.json === true) printJson({ job: job.name, ledger: note, targets, next });
  else print(`${ledgerLine(note)}\n\n${targets.map((one) => describe(one, targets.length)).join('\n\n')}`);
  close(`Nothing was written. ${next}`);
  return 0;
}

function withoutLedger(jobFile: string, file: string, flags: StatusFlags): number {
  const next = `Next: ${commandName()} plan ${jobFile}`;
  if (flags.json === true) printJson({ ledger: null, targets: [], next });
  else print(`ledger   none yet at ${file}: this job has never run here, or its ledger was moved`);
  close(`Nothing was written. ${next}`);
  return 0;
}

function ledgerLine({ file, bytes, restoredAt }: LedgerNote): string {
  const restored = restoredAt === null ? '' : `, put back from a backup at ${restoredAt}`;
  return `ledger   ${file} (${sizeText(bytes)}${restored})`;
}

const shown = 5;

function describe(status: TargetStatus, count: number): string {
  const lines = [
    ...(count === 1 ? [] : [`target   ${printable(status.target)} ${printable(status.origin)}`]),
    ...underWayLines(status),
    status.lastRun === null ? 'last     no run yet' : `last     ${runText(status.lastRun)}`,
    ...(status.lastApplied === null || status.lastApplied.id === status.lastRun?.id
      ? []
      : [`applied  ${runText(status.lastApplied)}`]),
    ...status.waiting.slice(0, shown).map(heldText),
    ...(status.waiting.length > shown
      ? [`         … and ${number(status.waiting.length - shown)} more that are held: --json has all`]
      : []),
    ...status.open
      .filter(({ run }) => run.id !== status.underWay?.runId)
      .map(({ run, steps, people }) => openText(run, steps, people)),
    ...status.feeds.map(
      ({ feed, file, rows, at, ageMs }) =>
        `feed     ${feed === '' ? '' : `${printable(feed)}: `}${printable(file)}, ${plural(rows, 'row')}, taken at ${at} (${ageText(ageMs)} ago)`,
    ),
    ...status.protections
      .slice(0, shown)
      .map(({ key, until, reason }) => `kept     ${printable(key)} until ${until}: ${printable(reason)}`),
    ...status.bars
      .slice(0, shown)
      .map(
        ({ key, by, at, reason }) =>
          `barred   ${printable(key)} by ${printable(by)} at ${at}: ${printable(reason)}`,
      ),
  ];
  const more = Math.max(0, status.protections.length - shown) + Math.max(0, status.bars.length - shown);
  if (more > 0)
    lines.push(`         … and ${number(more)} more people who are kept or barred: --json has all`);
  return lines.join('\n');
}

function underWayLines({ underWay }: TargetStatus): readonly string[] {
  if (underWay === null) return [];
  const { runId, pid, host, since, lastEntryAt } = underWay;
  const heard = lastEntryAt === null ? 'has sent nothing yet' : `last heard of at ${lastEntryAt}`;
  return [`running  ${runId} (process ${pid} on ${printable(host)}, since ${since}; ${heard})`];
}

function runText({ id, mode, state, exitCode, startedAt, stopped }: RunNote): string {
  const why = stopped === null ? '' : `\n         ${printable(stopped)}`;
  const exit = exitCode === null ? '' : `, exit ${exitCode}${exitTexts[exitCode] ?? ''}`;
  return `${mode} ${id}, started ${startedAt}, ${state}${exit}${why}`;
}

const exitTexts: Readonly<Record<number, string>> = {
  1: ' (could not run)',
  2: ' (some rows or changes failed or were set aside)',
  3: ' (held)',
  4: ' (stopped, or something is in doubt)',
  75: ' (could not run, for a cause that may pass)',
};

function heldText({ id, approvedElsewhere }: HeldNote): string {
  if (approvedElsewhere === null) return `held     ${id} waits for approval`;
  const { by, at } = approvedElsewhere;
  return `held     ${id}: its changes were approved with another plan by ${printable(by)} at ${at}; the next apply passes with them`;
}

function openText({ id, state }: RunNote, steps: number, people: readonly string[]): string {
  const doubt =
    steps === 0
      ? 'nothing is in doubt'
      : `${plural(steps, 'step')} in doubt, of ${people.slice(0, shown).map(printable).join(', ')}${people.length > shown ? ' …' : ''}`;
  return `open     ${id} ${state === 'running' ? 'has not ended' : 'stopped'}: ${doubt}`;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

function ageText(ms: number): string {
  if (ms >= 2 * dayMs) return `${Math.floor(ms / dayMs)} days`;
  return ms >= 2 * hourMs ? `${Math.floor(ms / hourMs)} hours` : plural(Math.floor(ms / minuteMs), 'minute');
}

/** What a person does next, of the most urgent. */
function nextOf(targets: readonly TargetStatus[], jobFile: string): string {
  const name = commandName();
  if (targets.some(({ underWay }) => underWay !== null)) return 'Next: wait for the run that is under way.';
  const doubtful = targets.flatMap(({ open }) => open).find(({ steps }) => steps > 0);
  if (doubtful !== undefined) {
    const [key = 'KEY'] = doubtful.people;
    return `Next: ${name} resume ${jobFile}, or the next apply; what stays in doubt: ${name} settle ${jobFile} ${printable(key)} applied|not-applied --reason TEXT`;
  }
  if (targets.some(({ open }) => open.length > 0)) {
    return `Next: ${name} resume ${jobFile} goes on with the old plan, ${name} apply ${jobFile} plans anew.`;
  }
  const waiting = targets.flatMap((target) => target.waiting);
  const held = waiting.find(({ approvedElsewhere }) => approvedElsewhere === null);
  if (held !== undefined) return `Next: ${name} approve ${held.id} --job ${jobFile} --reason TEXT, or reject`;
  if (waiting.length > 0) return `Next: ${name} apply ${jobFile}`;
  const bad = targets.map(({ lastRun }) => lastRun).find((run) => run !== null && run.exitCode !== 0);
  switch (bad?.exitCode) {
    case 1:
      return `Next: ${name} doctor ${jobFile}, and ${name} plan ${jobFile} says why the last run could not go on.`;
    case 2:
      return `Next: ${name} report ${bad.id} --job ${jobFile} shows what failed or was set aside; mend it, then: ${name} apply ${jobFile}`;
    case 75:
      return `Next: ${name} apply ${jobFile}`;
    default:
      return 'Next: nothing to do until the next feed.';
  }
}
