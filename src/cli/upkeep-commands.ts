import { type Command, InvalidArgumentError } from 'commander';
import {
  backupCommand,
  checkCommand,
  type LedgerFileFlags,
  type PruneFlags,
  pruneCommand,
  restoreCommand,
} from './ledger-file-commands.ts';
import { dayMs, exampleText } from './option-values.ts';

type Done = (exitCode: number) => void;

/** The commands that look after a job and its ledger, and that no feed takes part in. */
export function addUpkeepCommands(program: Command, done: Done): void {
  addLedgerCommands(program, done);
}

function addLedgerCommands(program: Command, done: Done): void {
  const group = program.command('ledger').description('back up, put back, check and prune a ledger');
  const command = (
    name: string,
    description: string,
    argument: string,
    examples: readonly string[],
  ): Command =>
    group
      .command(name)
      .description(description)
      .argument(argument, argument === '<backup>' ? 'a backup' : 'the job file, or the ledger itself')
      .option('--json', 'print the result as JSON')
      .addHelpText('after', exampleText(examples));

  command('backup', 'copy a ledger into one file, also while a run goes on', '<ledger>', [
    'rollcall ledger backup jobs/epm-hr-feed.yaml --to /backup/ledger.db',
  ])
    .requiredOption('--to <file>', 'the file; an older backup of that name is replaced')
    .action(async (name: string, flags: LedgerFileFlags & { to: string }) =>
      done(await backupCommand(name, flags)),
    );

  command('restore', 'put a backup in the place of a ledger, which is kept beside it', '<backup>', [
    'rollcall ledger restore /backup/ledger.db --to jobs/epm-hr-feed.yaml',
  ])
    .requiredOption('--to <ledger>', 'the job file, or the ledger itself')
    .action(async (name: string, flags: LedgerFileFlags & { to: string }) =>
      done(await restoreCommand(name, flags)),
    );

  command('check', 'read every page, reference and sum of a ledger or of a backup', '<ledger>', [
    'rollcall ledger check jobs/epm-hr-feed.yaml',
    'rollcall ledger check /backup/ledger.db --json',
  ]).action(async (name: string, flags: LedgerFileFlags) => done(await checkCommand(name, flags)));

  command('prune', 'delete what old runs did, change by change, and their reports', '<ledger>', [
    'rollcall ledger prune jobs/epm-hr-feed.yaml --older-than 400d --dry-run',
    'rollcall ledger prune jobs/epm-hr-feed.yaml --older-than 400d --keep-reports',
  ])
    .requiredOption('--older-than <days>', 'runs that ended so long ago, 30d at least', age)
    .option('--keep-reports', 'leave the folders of their reports')
    .option('--dry-run', 'only say how much would go')
    .action(async (name: string, flags: PruneFlags) => done(await pruneCommand(name, flags)));

  for (const one of group.commands) one.exitOverride().showSuggestionAfterError();
}

/** The limits over time look back seven days, and people further. */
const ageMinDays = 30;

/** `400d`, in milliseconds. */
function age(text: string): number {
  const days = /^[0-9]{1,5}d$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  if (!(days >= ageMinDays)) throw new InvalidArgumentError('Give days, such as 400d; 30d at least.');
  return days * dayMs;
}
