import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import {
  backupCommand,
  checkCommand,
  type LedgerFileFlags,
  type PruneFlags,
  pruneCommand,
  restoreCommand,
} from './ledger-file-commands.ts';
import { another, dayMs, duration, exampleText, reason } from './option-values.ts';
import { type StatusFlags, statusCommand } from './status-command.ts';
import { type DoctorFlags, doctorCommand } from './doctor-command.ts';
import { type ResumeFlags, resumeCommand, type SettleFlags, settleCommand } from './resume-command.ts';

type Done = (exitCode: number) => void;

/** The commands that look after a job and its ledger, and that no feed takes part in. */
export function addUpkeepCommands(program: Command, done: Done): void {
  addResumeCommands(program, done);
  addLookingCommands(program, done);
  addLedgerCommands(program, done);
}

function addLookingCommands(program: Command, done: Done): void {
  program
    .command('status')
    .description('how a job stands: its last run, what is held, open or in doubt, and what to do next')
    .argument('<job>', 'the job file')
    .option('--env <name>', 'overlay `environments.NAME` of the job')
    .option('--target <name>', 'only this one of the `targets`; may be given again', another)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', exampleText(['rollcall status jobs/epm-hr-feed.yaml']))
    .action(async (job: string, flags: StatusFlags) => done(await statusCommand(job, flags)));

  program
    .command('doctor')
    .description('whether a job can run here: Node, disk, secrets, clock, and whether the target answers')
    .argument('[job]', 'the job file')
    .option('--env <name>', 'overlay `environments.NAME` of the job')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', exampleText(['rollcall doctor', 'rollcall doctor jobs/epm-hr-feed.yaml']))
    .action(async (job: string | undefined, flags: DoctorFlags) => done(await doctorCommand(job, flags)));
}

function addResumeCommands(program: Command, done: Done): void {
  program
    .command('resume')
    .description('go on with a run that stopped: its plan, under its id, without its feed')
    .argument('[what]', 'a run, or a job file; without it, the last run that stopped')
    .option('--env <name>', 'overlay `environments.NAME` of the job')
    .option('--target <name>', 'only this one of the `targets`; may be given again', another)
    .addOption(
      new Option('--max-age <time>', 'refuse a run that began longer ago')
        .argParser(duration)
        .default(dayMs, '24h'),
    )
    .option('--job <file>', 'the job whose ledger to read')
    .option('--ledger <file>', 'the ledger to read (default: .rollcall/ledger.db)')
    .option('--json', 'print the results as JSON')
    .option('--quiet', 'no progress bar')
    .addOption(
      new Option('--log-level <level>', 'what to log').choices(['debug', 'info', 'warn', 'error', 'silent']),
    )
    .addHelpText(
      'after',
      exampleText([
        'rollcall resume jobs/epm-hr-feed.yaml',
        'rollcall resume 2026-11-21T02-15-00Z-3fa1 --job jobs/epm-hr-feed.yaml',
      ]),
    )
    .action(async (what: string | undefined, flags: ResumeFlags) => done(await resumeCommand(what, flags)));

  program
    .command('settle')
    .description('say of a write that nobody can look up whether it took effect')
    .argument('<job>', 'the job file')
    .argument('<key>', 'the lasting id of the person, as the feed spells it')
    .addArgument(new Argument('<said>', 'what you found in the target').choices(['applied', 'not-applied']))
    .option('--env <name>', 'overlay `environments.NAME` of the job')
    .option('--target <name>', 'the one of the `targets`', another)
    .option('--by <name>', 'who says so (default: the account of the command)', reason)
    .requiredOption('--reason <text>', 'how you know; required', reason)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      exampleText([
        'rollcall settle jobs/epm-hr-feed.yaml E1001 applied --reason "seen in the console, OPS-4711"',
      ]),
    )
    .action(async (job: string, key: string, said: string, flags: SettleFlags) =>
      done(await settleCommand(job, key, said, flags)),
    );
}

function addLedgerCommands(program: Command, done: Done): void {
  const group = program
    .command('ledger')
    .description('back up, put back, check and prune a ledger')
    .addHelpText(
      'after',
      exampleText([
        'rollcall ledger backup jobs/epm-hr-feed.yaml --to /backup/ledger.db',
        'rollcall ledger check /backup/ledger.db',
      ]),
    );
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
    .requiredOption('--to <file>', 'the file; an older backup of that name is replaced; required')
    .action(async (name: string, flags: LedgerFileFlags & { to: string }) =>
      done(await backupCommand(name, flags)),
    );

  command('restore', 'put a backup in the place of a ledger, which is kept beside it', '<backup>', [
    'rollcall ledger restore /backup/ledger.db --to jobs/epm-hr-feed.yaml',
  ])
    .requiredOption('--to <ledger>', 'the job file, or the ledger itself; required')
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
    .requiredOption('--older-than <days>', 'runs that ended so long ago, 30d at least; required', age)
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
