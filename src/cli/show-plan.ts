import path from 'node:path';
import type { Limits } from '../domain/settings.ts';
import type { Job } from '../job/job.ts';
import { readJob } from '../job/read-job.ts';
import { readPlan, type SavedPlan } from '../plan/read-plan.ts';
import { providers } from '../providers/registry.ts';
import type { RunEnd } from '../run/finish-run.ts';
import { close, commandName, print, printJson } from './output.ts';
import { type PlanView, printPlan, readForPeople } from './print-plan.ts';
import { number, printable } from './text.ts';

/** Options of all commands that print a plan. */
export interface ShowFlags {
  readonly show: PlanView['show'];
  readonly limit: number;
  readonly mask?: boolean;
}

/** Prints the plan that a run has just made. */
export function showPlanOf({ planFile, report }: RunEnd, jobs: readonly Job[], flags: ShowFlags): void {
  const job = jobs.find(({ target }) => target.origin === report.target.baseUrl);
  const plan = readPlan(planFile);
  const limits = job?.target.limits ?? defaultLimits(plan);
  printPlan(plan, readForPeople(plan, limits), viewOf(flags));
}

function viewOf({ show, limit, mask = false }: ShowFlags): PlanView {
  return { show, limit, mask };
}

/** Prints a saved plan, once its hash has been found to be right. */
export async function showCommand(
  file: string,
  flags: ShowFlags & { readonly json?: boolean },
): Promise<number> {
  const plan = readPlan(file);
  const limits = await limitsOf(plan);
  const reading = readForPeople(plan, limits);
  if (flags.json === true) printJson({ header: plan.header, end: plan.end, ...reading });
  else {
    print(headText(plan));
    printPlan(plan, reading, viewOf(flags));
  }
  const held = plan.end.guards.some(({ tripped }) => tripped === true);
  const saved = path.relative(process.cwd(), file);
  const next = held ? `approve ${saved} --reason TEXT` : `apply --plan ${saved}`;
  close(`Nothing was written. Next: ${commandName()} ${next}`);
  return 0;
}

function headText({ header, end, hash }: SavedPlan): string {
  const { job, target, asOf, feeds, only, people, revert, ledger } = header;
  const about = [
    only === null ? '' : `only ${only.join(', ')}`,
    people === null ? '' : `only ${people.length} named`,
  ];
  const part = about.filter((text) => text !== '').join('; ');
  const lines = [
    `${printable(job)}  plan ${hash.slice(0, 12)}  ${target.provider} ${printable(target.baseUrl)}`,
    `as of   ${asOf}, after ${ledger.lastAppliedRun === null ? 'no run' : `run ${ledger.lastAppliedRun}`}`,
    ...(revert === null ? [] : [`undoes  run ${revert.run}`]),
    ...feeds.map(({ path: place, rows }) => `feed    ${printable(place)}: ${number(rows)} rows`),
    ...(part === '' ? [] : [`part    ${part}`]),
    `changes ${number(end.changes)}`,
  ];
  return `${lines.join('\n')}\n\n`;
}

/** Those of the job as it is now; of the provider where the job can't be read from here. */
async function limitsOf(plan: SavedPlan): Promise<Limits> {
  const { jobFile, environment, target } = plan.header;
  const named = environment === null ? {} : { environment };
  const read = await readJob(jobFile, { providers, ...named }).catch(() => null);
  const job = read?.jobs.find((one) => one.target.origin === target.baseUrl);
  return job?.target.limits ?? defaultLimits(plan);
}

function defaultLimits({ header }: SavedPlan): Limits {
  const provider = providers[header.target.provider];
  if (provider === undefined) throw new Error(`There is no provider ${header.target.provider}.`);
  return provider.limits;
}
