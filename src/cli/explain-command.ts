import { withOtherFeeds } from '../job/other-feed.ts';
import { readJob } from '../job/read-job.ts';
import { selectTargets } from '../job/select-targets.ts';
import { providers } from '../providers/registry.ts';
import { type Explanation, explainPerson } from '../run/explain-person.ts';
import { close, commandName, print, printJson } from './output.ts';
import { describePerson } from './print-explanation.ts';
import type { RunFlags } from './run-command.ts';
import { openWorld } from './terminal.ts';
import { plural, printable } from './text.ts';

export interface ExplainFlags
  extends Pick<RunFlags, 'env' | 'feed' | 'target' | 'asOf' | 'json' | 'logLevel'> {
  readonly offline?: boolean;
}

const historyMax = 20;

/** Says all that is known of one person, and what today's plan would do. Writes nothing. */
export async function explainCommand(jobFile: string, key: string, flags: ExplainFlags): Promise<number> {
  const environment = flags.env === undefined ? {} : { environment: flags.env };
  const { jobs } = await readJob(jobFile, { providers, ...environment });
  const chosen = selectTargets(
    jobs.map((job) => withOtherFeeds(job, flags.feed ?? [])),
    flags.target ?? [],
  );
  const world = openWorld({ logLevel: flags.logLevel ?? null, quiet: true });
  const explained: Explanation[] = [];
  try {
    const asked = { key, asOf: flags.asOf ?? null, offline: flags.offline === true, historyMax };
    for (const job of chosen) explained.push(await explainPerson(job, asked, world));
  } finally {
    world.close();
  }
  if (flags.json === true) printJson(explained.length === 1 ? explained[0] : explained);
  else for (const explanation of explained) printExplanation(explanation, explained.length > 1);
  const found = explained.reduce((sum, { people }) => sum + people.length, 0);
  if (found === 0) {
    const near = [...new Set(explained.flatMap(({ nearest }) => nearest))].map(printable);
    const hint =
      near.length === 0
        ? ' Give the lasting id as the feed spells it, or the login.'
        : ` Spelt alike: ${near.join(', ')}.`;
    close(`Nothing was written. Nobody was found by ${printable(key)}.${hint}`);
    return 1;
  }
  const isAsked = explained.some(({ people }) => people.some(({ plan }) => plan.change !== null));
  const isSetAside = explained.some(({ people }) => people.some(({ feed }) => feed.quarantined.length > 0));
  close(
    isAsked
      ? `Nothing was written. Next: ${commandName()} plan ${jobFile}, or with --person KEY for this person alone`
      : `Nothing was written. Next: ${isSetAside ? 'mend the row that is set aside' : 'nothing to do for this person'}.`,
  );
  return 0;
}

function printExplanation(explanation: Explanation, isOneOfSeveral: boolean): void {
  const { people, target } = explanation;
  if (isOneOfSeveral) print(`${printable(target)}: ${plural(people.length, 'match').replace(/s$/, 'es')}`);
  else if (people.length > 1) print(`${people.length} matches`);
  for (const person of people) print(`${describePerson(person, explanation)}\n`);
}
