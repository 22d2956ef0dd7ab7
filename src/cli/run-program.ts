import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type Operation, operations } from '../domain/change.ts';
import { jobJsonSchema } from '../job/json-schema.ts';
import { providers } from '../providers/registry.ts';
import { reportJsonSchema } from '../report/report.ts';
import { toolVersion } from '../run/version.ts';
import { type ApproveFlags, approveCommand, type DecideFlags, rejectCommand } from './decide-command.ts';
import { type ExplainFlags, explainCommand } from './explain-command.ts';
import { initCommand } from './init-command.ts';
import { type LedgerFlags, reportCommand, runsCommand } from './ledger-commands.ts';
import {
  another,
  dayMs,
  duration,
  exampleText,
  hourMs,
  isoTime,
  reason,
  untilTime,
  wholeNumber,
} from './option-values.ts';
import { close, outliveReaders, printJson, printTrouble } from './output.ts';
import {
  type ProtectFlags,
  type ProtectUntilFlags,
  protectCommand,
  unprotectCommand,
} from './protect-command.ts';
import { type ApplyFlags, applyCommand, guardOf, type PlanFlags, planCommand } from './run-command.ts';
import { type RevertFlags, revertCommand } from './revert-command.ts';
import { type SandboxFlags, sandboxCommand } from './sandbox-command.ts';
import { type ShowFlags, showCommand } from './show-plan.ts';
import { addUpkeepCommands } from './upkeep-commands.ts';
import { type ValidateFlags, validateCommand } from './validate-command.ts';

/** Runs one command line; gives the exit code. Every error has been printed by then. */
export async function runProgram(args: readonly string[]): Promise<number> {
  outliveReaders();
  let exitCode = 0;
  const program = buildProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      close('Nothing was written. Correct the command line; then it is safe to run it.');
      return 1;
    }
    return printTrouble(error);
  }
}

function buildProgram(done: (exitCode: number) => void): Command {
  const program = new Command('rollcall')
    .description(
      'Makes the users of your systems match a file: plan, guard, apply in batches, account for every row.',
    )
    .version(toolVersion)
    .showHelpAfterError('(--help tells more)')
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', programHelp);

  const run = (name: string, description: string, examples: readonly string[], job = '<job>'): Command =>
    program
      .command(name)
      .description(description)
      .argument(job, 'the job file')
      .option('--env <name>', 'overlay `environments.NAME` of the job')
      .option(
        '--feed <file>',
        'read this in place of the feed, such as a mended rejects.csv; NAME=FILE for one of several',
        another,
      )
      .option('--json', 'print the result as JSON')
      .addHelpText('after', exampleText(examples));

  run('validate', 'check the job file and the header of its feed', [
    'rollcall validate jobs/epm-hr-feed.yaml',
    'rollcall validate jobs/epm-hr-feed.yaml --env production --json',
    'rollcall validate jobs/epm-hr-feed.yaml --sample 20   # rows before and after; they hold personal data',
  ])
    .option('--sample [n]', 'show so many rows of the feed before and after mapping (5)', wholeNumber)
    .action(async (job: string, flags: ValidateFlags) => done(await validateCommand(job, flags)));

  withShowOptions(
    withRunOptions(
      run('plan', 'compare feed and target and show what an apply would do; writes to no target', [
        'rollcall plan jobs/epm-hr-feed.yaml',
        'rollcall plan jobs/epm-hr-feed.yaml --out plan.ndjson --limit 200',
        'rollcall plan jobs/epm-hr-feed.yaml --detailed-exitcode   # 0: nothing to do, 6: there are changes',
      ]),
    ),
  )
    .option('--out <file>', 'save the plan')
    .option('--trust-absences', 'show who would leave by an absence that nothing proves; held until approved')
    .option('--detailed-exitcode', 'exit 6 when there are changes')
    .action(async (job: string, flags: PlanFlags) => done(await planCommand(job, flags)));

  withRunOptions(
    run(
      'apply',
      'plan, judge the guards, write the changes, and account for every row',
      [
        'rollcall apply jobs/epm-hr-feed.yaml',
        'rollcall apply jobs/epm-hr-feed.yaml --feed runs/2026-11-21T02-15-00Z-3fa1/rejects.csv   # mended',
        'rollcall apply jobs/all-systems.yaml --target epm --target crm   # two of its `targets`',
        '15 2 * * *  rollcall apply /etc/rollcall/epm.yaml --json >> /var/log/rollcall.json   # in a crontab',
        'rollcall apply --plan plan.ndjson   # the plan that was reviewed, or nothing',
        'rollcall apply jobs/epm-hr-feed.yaml --only disables --person 1042',
        'rollcall apply jobs/epm-hr-feed.yaml --disable 1042 --reason "dismissed, HR-4711"',
      ],
      '[job]',
    ),
  )
    .option('--plan <file>', 'apply this plan as it is, or refuse it')
    .addOption(
      new Option('--max-age <time>', 'with --plan: refuse one made longer ago')
        .argParser(duration)
        .default(24 * hourMs, '24h'),
    )
    .option('--disable <key>', 'disable this person now, whatever the feed says; needs --reason')
    .option('--release <key>', 'leave somebody to the feed again who was disabled by key')
    .option('--reason <text>', 'why', reason)
    .action(async (job: string | undefined, flags: ApplyFlags) => done(await applyCommand(job, flags)));

  program
    .command('explain')
    .description('say all that is known of one person, and what a plan would do and why; writes nothing')
    .argument('<job>', 'the job file')
    .argument('<key>', 'the lasting id of the feed, or the login')
    .option('--env <name>', 'overlay `environments.NAME` of the job')
    .option('--feed <file>', 'read this in place of the feed; NAME=FILE for one of several', another)
    .option('--target <name>', 'ask only this one of the `targets`; may be given again', another)
    .option('--as-of <time>', 'the moment to plan for, ISO 8601 (default: now)', isoTime)
    .option('--offline', 'ask the ledger in place of the target')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      exampleText([
        'rollcall explain jobs/epm-hr-feed.yaml 1042',
        'rollcall explain jobs/epm-hr-feed.yaml ada.moreau@example.com --offline --json',
      ]),
    )
    .action(async (job: string, key: string, flags: ExplainFlags) =>
      done(await explainCommand(job, key, flags)),
    );

  const ledgerOptions = (command: Command): Command =>
    command
      .option('--job <file>', 'the job whose ledger to read')
      .option('--ledger <file>', 'the ledger to read (default: .rollcall/ledger.db)')
      .option('--json', 'print the result as JSON');

  ledgerOptions(program.command('runs').description('list the runs that a ledger knows, newest first'))
    .option('--limit <n>', 'how many', wholeNumber, 20)
    .addHelpText(
      'after',
      exampleText(['rollcall runs', 'rollcall runs --job jobs/epm-hr-feed.yaml --limit 5']),
    )
    .action(async (flags: LedgerFlags & { limit: number }) => done(await runsCommand(flags)));

  const decision = (name: string, description: string, examples: readonly string[]): Command =>
    ledgerOptions(program.command(name).description(description))
      .argument('<plan>', 'a plan file, a run, or the beginning of a plan’s hash')
      .option('--by <name>', 'who says so (default: the account of the command)', reason)
      .requiredOption('--reason <text>', 'why; required', reason)
      .addHelpText('after', exampleText(examples));

  decision('approve', 'let a plan pass that guards hold, and newer ones within it', [
    'rollcall approve plan.ndjson --reason "the Leeds office closes, HR-4711"',
    'rollcall approve 2026-11-21T02-15-00Z-3fa1 --job jobs/epm-hr-feed.yaml --reason "as announced" --expires 2d',
  ])
    .addOption(
      new Option('--expires <time>', 'how long it holds, 90d at most')
        .argParser(duration)
        .default(7 * dayMs, '7d'),
    )
    .action(async (plan: string, flags: ApproveFlags) => done(await approveCommand(plan, flags)));

  decision('reject', 'keep a plan from being applied, and take back what was approved of it', [
    'rollcall reject 2026-11-21T02-15-00Z-3fa1 --job jobs/epm-hr-feed.yaml --reason "yesterday’s export"',
  ]).action(async (plan: string, flags: DecideFlags) => done(await rejectCommand(plan, flags)));

  withShowOptions(program.command('show').description('print a saved plan; its hash has to be right'))
    .argument('<plan>', 'a plan file')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      exampleText(['rollcall show plan.ndjson', 'rollcall show plan.ndjson --show attributes --mask']),
    )
    .action(async (file: string, flags: ShowFlags) => done(await showCommand(file, flags)));

  withShowOptions(
    ledgerOptions(program.command('revert').description('plan what undoes a run; writes to no target')),
  )
    .argument('<run>', 'id of the run, as `rollcall runs` shows it')
    .option('--out <file>', 'save the plan')
    .option('--person <key>', 'only this person, by the lasting id of the feed; may be given again', another)
    .option('--remove-created', 'remove whom the run created, where the policy removes leavers')
    .option('--recreate', 'create anew whom the run removed, with what is known of them')
    .option('--quiet', 'no progress bar')
    .addHelpText(
      'after',
      exampleText([
        'rollcall revert 2026-11-21T02-15-00Z-3fa1 --job jobs/epm-hr-feed.yaml --out undo.ndjson',
        'rollcall apply --plan undo.ndjson',
      ]),
    )
    .action(async (id: string, flags: RevertFlags) => done(await revertCommand(id, flags)));

  ledgerOptions(program.command('report').description('rebuild the report of a run from the ledger'))
    .argument('<run>', 'id of the run, as `rollcall runs` shows it')
    .option('--out <directory>', 'folder to write it to (default: where the run put it)')
    .addHelpText('after', exampleText(['rollcall report 2026-11-21T02-15-00Z-3fa1 --out /tmp/audit']))
    .action(async (id: string, flags: LedgerFlags & { out?: string }) =>
      done(await reportCommand(id, flags)),
    );

  const protectOptions = (command: Command): Command =>
    command
      .argument('<job>', 'the job file')
      .option('--env <name>', 'overlay `environments.NAME` of the job')
      .option('--target <name>', 'only this one of the `targets`; may be given again', another)
      .option('--json', 'print the result as JSON');

  protectOptions(
    program
      .command('protect')
      .description("keep a person's account exactly as it is for a while; list whose are"),
  )
    .argument('[key]', 'the lasting id, as the feed spells it; without it, all are listed')
    .option('--until <day>', 'the last day, or a time, ISO 8601', untilTime)
    .option('--reason <text>', 'why; shown in every report')
    .addHelpText(
      'after',
      exampleText([
        'rollcall protect jobs/epm-hr-feed.yaml E1001 --until 2027-01-31 --reason "on secondment"',
        'rollcall protect jobs/epm-hr-feed.yaml   # whose accounts are kept as they are',
      ]),
    )
    .action(async (job: string, key: string | undefined, flags: ProtectUntilFlags) =>
      done(await protectCommand(job, key, flags)),
    );

  protectOptions(program.command('unprotect').description('end a protection before its day'))
    .argument('<key>', 'the lasting id, as the feed spells it')
    .addHelpText('after', exampleText(['rollcall unprotect jobs/epm-hr-feed.yaml E1001']))
    .action(async (job: string, key: string, flags: ProtectFlags) =>
      done(await unprotectCommand(job, key, flags)),
    );

  addUpkeepCommands(program, done);

  program
    .command('sandbox')
    .description('serve a local stand-in for a target, to try jobs on')
    .argument('<provider>', Object.keys(providers).join(', '))
    .option('--port <n>', 'port on 127.0.0.1; 0: any free one', wholeNumber, 0)
    .option('--users <file>', 'users that it begins with')
    .option('--journal <file>', 'append every write to this file, and remember them from it')
    .option('--faults <file>', 'how to misbehave')
    .option('--rate <n/s>', 'refuse more requests per second with 429')
    .addOption(new Option('--while-stdin', 'stop when stdin closes').hideHelp())
    .addHelpText(
      'after',
      exampleText(['rollcall sandbox oracle-epm --port 8080 --journal epm.journal.ndjson']),
    )
    .action(async (provider: string, flags: SandboxFlags) => done(await sandboxCommand(provider, flags)));

  program
    .command('schema')
    .description('print the JSON Schema of the job file or of report.json')
    .addArgument(new Argument('[what]', 'whose schema').choices(schemaNames).default('job'))
    .addHelpText(
      'after',
      exampleText(['rollcall schema job > jobs/job.schema.json', 'rollcall schema report']),
    )
    .action((what: string) => done(schemaCommand(what)));

  program
    .command('init')
    .description('write a commented job file and a sample feed')
    .argument('[folder]', 'where', '.')
    .addHelpText('after', exampleText(['rollcall init', 'rollcall init /etc/rollcall']))
    .action(async (folder: string) => done(await initCommand(folder)));

  for (const command of program.commands) {
    command.exitOverride().showSuggestionAfterError();
    for (const [heading, names] of helpGroups) if (names.includes(command.name())) command.helpGroup(heading);
  }
  return program;
}

/** What somebody is about to do, and the commands for it. */
const helpGroups: readonly (readonly [heading: string, names: readonly string[]])[] = [
  ['Begin:', ['init', 'validate', 'doctor', 'sandbox', 'schema']],
  ['Run:', ['plan', 'apply', 'resume']],
  ['Look:', ['status', 'runs', 'report', 'show', 'explain']],
  ['Decide:', ['approve', 'reject', 'revert', 'protect', 'unprotect', 'settle']],
  ['Keep:', ['ledger']],
];

function withShowOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--show <what>', 'what to print of the plan')
        .choices(['people', 'attributes', 'summary'])
        .default('people'),
    )
    .option('--limit <n>', 'how many changes to print', wholeNumber, 20)
    .option('--mask', 'hide values and names, for a screen that others see');
}

function withRunOptions(command: Command): Command {
  return command
    .option(
      '--only <operation>',
      'only creates, updates, enables, disables or removals; may be given again',
      anotherOperation,
    )
    .option('--person <key>', 'only this person, by the lasting id of the feed; may be given again', another)
    .option('--target <name>', 'run only this one of the `targets`; may be given again', another)
    .option('--as-of <time>', 'the moment to plan for, ISO 8601 (default: now)', isoTime)
    .option('--accept-job-change <reason>', 'let a change of the job file pass that a guard holds', reason)
    .addOption(new Option('--state <from>', 'read the users from here').choices(['target', 'ledger', 'file']))
    .option('--quiet', 'no progress bar')
    .addOption(
      new Option('--log-level <level>', 'what to log').choices(['debug', 'info', 'warn', 'error', 'silent']),
    );
}

const schemaNames = ['job', 'report'];

function schemaCommand(what: string): number {
  printJson(what === 'job' ? jobJsonSchema(providers) : reportJsonSchema());
  close('Nothing was written.');
  return 0;
}

function anotherOperation(value: string, before: readonly Operation[] = []): readonly Operation[] {
  const operation = operations.find((one) => guardOf[one] === value || one === value);
  if (operation === undefined)
    throw new InvalidArgumentError(`Give one of ${Object.values(guardOf).join(', ')}.`);
  return [...new Set([...before, operation])];
}

const programHelp = `
Exit codes:
  0   done: the target matches the feed, or the plan was made
  1   could not run, and will not until somebody mends it; nothing was written
  2   finished, and some rows or changes failed or were set aside: see the report
  3   held by a guard; nothing was written
  4   stopped midway, or outcomes are unknown: run apply again
  5   another run of this job is under way
  6   only plan --detailed-exitcode: there are changes
  75  could not run for a passing cause: try again later; nothing was written
  With several targets: 5 if all are under way, else the worst, in the order 4, 1, 75, 3, 2, 0.

Examples:
  rollcall init && rollcall plan jobs/epm-hr-feed.yaml
  rollcall apply jobs/epm-hr-feed.yaml`;
