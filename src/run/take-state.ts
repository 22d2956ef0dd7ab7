import { Failure } from '../domain/failure.ts';
import type { Person } from '../domain/person.ts';
import type { Column, FeedSettings } from '../domain/settings.ts';
import type { Attributes, User } from '../domain/user.ts';
import { openFeed } from '../feed/read-feed.ts';
import { firstFeed, type Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import type { Target } from './connect-target.ts';
import type { OpenRun } from './open-run.ts';

/** Where the users are taken from; the job's own source unless the command line names another. */
export type StateSource = Job['state']['from'];

/** Stages what the ledger remembers, and the users as the chosen source has them now. */
export async function takeState(
  job: Job,
  source: StateSource,
  open: OpenRun,
  target: Target,
  matching: Matching,
): Promise<void> {
  for await (const page of open.ledger.accounts(open.scope)) matching.addAccounts(page);
  if (source === 'ledger') {
    requireCompleteRead(job, open);
    matching.takeAccountsAsUsers();
    return;
  }
  const { provider, connection } = target;
  const { listAll, listIsComplete, lookUpUnlisted = false } = provider.supports;
  if (source === 'file') {
    for await (const page of exportedUsers(job, target)) matching.addUsers(page);
  } else if (listAll) {
    for await (const page of connection.readUsers()) matching.addUsers(page);
  }
  if (provider.listed !== undefined) matching.completeListed(provider.listed);
  if (source === 'target' && (!listAll || lookUpUnlisted)) await lookUpOthers(target, matching);
  else if (source === 'file' || !listIsComplete) matching.completeUnlisted((user) => provider.unlisted(user));
}

/** Looks up everybody whom the feed or the ledger names and no list showed. */
async function lookUpOthers(target: Target, matching: Matching): Promise<void> {
  for (const sought of matching.sought()) {
    const found = await target.connection.lookUp(sought);
    matching.addUsers(found.filter((user) => user !== undefined));
  }
  matching.dropRepeatedUsers();
}

function requireCompleteRead(job: Job, open: OpenRun): void {
  if (open.memory.completeReadAt !== null) return;
  throw new Failure({
    code: 'LEDGER_IS_NO_STATE',
    message: `The ledger of job ${job.name} never saw a complete read of ${job.target.origin}, so it can't stand in for it.`,
    hint: 'Run apply once with --state target; from then on the ledger knows the users.',
    exit: 1,
  });
}

/** A file that somebody exported from the target, with the same headers as the feed. */
async function* exportedUsers(job: Job, target: Target): AsyncGenerator<readonly User[]> {
  const { path, idColumn } = job.state;
  if (path === null) throw new Failure({ code: 'NO_STATE_FILE', message: 'state.path is missing.', exit: 1 });
  const feed = firstFeed(job);
  const settings: FeedSettings = {
    ...feed,
    path,
    columns: [
      ...feed.columns.filter((column) => column.attribute !== 'externalId').map(asExported),
      ...(idColumn === null ? [] : [ownIdColumn(idColumn)]),
    ],
    // What is exported from a target holds no passwords.
    passwordColumn: null,
    whole: { rows: null, manifest: null, trailer: null },
    // What the feed's rows mean is no matter of the target's users: all of them are the state.
    where: [],
    onePerson: null,
    action: null,
    employment: { start: null, end: null },
  };
  const unsaid = nothingSaid(settings.columns);
  const { attributes: rules, headerAliases } = target.provider;
  const exported = await openFeed(settings, { match: job.match, rules, headerAliases });
  for await (const batch of exported.batches) {
    const [unreadable] = batch.quarantined;
    if (unreadable !== undefined) {
      throw new Failure({
        code: 'STATE_FILE_UNREADABLE',
        message: `${path}:${unreadable.row.line}: ${unreadable.message}`,
        hint: 'An export that is not whole is no state: mend it or export it again.',
        exit: 1,
      });
    }
    yield batch.people.map((person) => userOf(person, { path, target, unsaid }));
  }
}

interface Exported {
  readonly path: string;
  readonly target: Target;
  /** What the user has where the export does not say. */
  readonly unsaid: Attributes;
}

function userOf(person: Person, { path, target, unsaid }: Exported): User {
  const { [ownId]: own, ...attributes } = person.attributes;
  const id = typeof own === 'string' ? own : target.provider.idOf(attributes);
  if (id === null) {
    throw new Failure({
      code: 'STATE_FILE_WITHOUT_IDS',
      message: `${path}:${person.rows[0]?.line ?? 0}: the user's id in the target can't be told from this row.`,
      hint: `Name the column with the ids of ${target.provider.title} in state.idColumn.`,
      exit: 1,
    });
  }
  return { id, active: person.active, attributes: { ...unsaid, ...attributes } };
}

/** Under this name the target's own id passes through the reading of the file; no provider has such an attribute. */
const ownId = 'rollcall.id';

/** In an export an empty cell is a value like any other: the user has none. Its values are the target's already. */
function asExported(column: Column): Column {
  return { ...column, empty: 'clear', clearWords: [], transform: [] };
}

/** A JSON export may leave out what a user does not have. */
function nothingSaid(columns: readonly Column[]): Attributes {
  return Object.fromEntries(
    columns
      .filter(({ attribute }) => attribute !== 'active' && attribute !== ownId)
      .map(({ attribute }) => [attribute, null]),
  );
}

function ownIdColumn(from: string): Column {
  return {
    attribute: ownId,
    from: [from],
    join: '',
    value: null,
    transform: [],
    write: 'always',
    empty: 'reject',
    clearWords: [],
    split: '',
    owned: [],
    activeWords: [],
    leaverWords: [],
    leaveWords: [],
  };
}
