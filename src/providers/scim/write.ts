import type { Item } from '../../contracts/provider.ts';
import { TargetFailure } from '../../domain/failure.ts';
import { outcome } from '../../domain/outcome.ts';
import type { Redact } from '../../domain/redaction.ts';
import { bulkAnswers, bulkCall, cutLots, type Numbered, unanswered } from './bulk.ts';
import { type Answer, type Client, failureOf, unreadable } from './client.ts';
import type { Config } from './config.ts';
import type { Capabilities } from './discovery.ts';
import type { Finder } from './find.ts';
import type { GroupAction, Groups } from './groups.ts';
import { decided, type Judged, judge, refused } from './outcomes.ts';
import { checkTaken, type Prepared, prepare } from './prepare.ts';
import { keyed } from './keys.ts';
import { field, idOf } from './resource.ts';
import type { Action } from './steps.ts';

export interface WriteTools {
  readonly client: Client;
  readonly able: Capabilities;
  readonly config: Config;
  readonly finder: Finder;
  readonly groups: Groups;
}

interface Write extends Numbered {
  readonly index: number;
  readonly item: Item;
  readonly prepared: Prepared;
}

/** Writes users, each in a request of its own or many in a bulk request; what became of each, in order. */
export async function writeUsers(items: readonly Item[], tools: WriteTools): Promise<readonly Judged[]> {
  const { able } = tools;
  const ready = await Promise.all(items.map((item) => guarded(() => prepare(item, tools))));
  const judged: (Judged | undefined)[] = ready.map((one) => ('kind' in one ? one : undefined));
  const writes = items.flatMap((item, index): readonly Write[] => {
    const prepared = ready[index];
    if (prepared === undefined || 'kind' in prepared) return [];
    return [{ bulkId: `r${index}`, index, item, prepared, call: prepared.call }];
  });
  const lots = able.bulk === null ? writes.map((write) => [write]) : cutLots(writes, able.bulk);
  const sent = await Promise.all(lots.map((lot) => sendLot(lot, tools)));
  for (const [write, became] of sent.flat()) judged[write.index] = became;
  return judged.map((one) => one ?? { kind: 'trouble', failure: unanswered() });
}

/** Adds users to one group, or takes them away, in one write of the group. */
export async function writeMembers(items: readonly Item[], tools: WriteTools): Promise<readonly Judged[]> {
  const { client, groups } = tools;
  const [first] = items;
  const resolved = await groups.resolve(first?.step.subject ?? '');
  if (resolved.id === null) return items.map(() => refused(resolved.why));
  const ids = items.map(({ userId }) => userId ?? '');
  if (ids.includes('')) throw new Error('A membership names no user.');
  const action = (first?.step.action ?? '') as GroupAction;
  const written = await groups.write(action, resolved.id, ids);
  if (written === null) {
    return items.map(() =>
      decided(outcome('succeeded', 'ALREADY_SO', null, 'The group had these members already.')),
    );
  }
  const { answer, call } = written;
  if (items.length > 1 && mayBeOneOfMany(answer.status)) {
    // One user among them may be the cause: core halves what is refused as a whole.
    throw failureOf({ ...answer, status: 400 }, call) ?? unreadable(call, 'it is no refusal');
  }
  return items.map((item) => judge(action, answer, call, redactFor(item, client)));
}

type Sent = readonly [write: Write, became: Judged];

async function sendLot(lot: readonly Write[], tools: WriteTools): Promise<readonly Sent[]> {
  const [only] = lot;
  if (only !== undefined && lot.length === 1) {
    const call = { ...only.call, ...keyed(only.item) };
    const send = async (): Promise<Judged> => judgeWrite(only, await tools.client.send(call), tools);
    return [[only, await guarded(send)]];
  }
  const answers = await sendBulk(lot, tools.client);
  return Promise.all(
    lot.map(async (write): Promise<Sent> => {
      const answer = answers instanceof TargetFailure ? answers : answers.get(write.bulkId);
      if (answer === undefined || answer instanceof TargetFailure) {
        return [write, { kind: 'trouble', failure: answer ?? unanswered() }];
      }
      return [write, await guarded(() => judgeWrite(write, answer, tools))];
    }),
  );
}

async function sendBulk(
  lot: readonly Write[],
  client: Client,
): Promise<ReadonlyMap<string, Answer> | TargetFailure> {
  const call = bulkCall(lot);
  try {
    const answer = await client.send(call);
    const failure = failureOf(answer, call);
    return failure ?? bulkAnswers(lot, answer.json) ?? unreadable(call, 'it holds no operations');
  } catch (failure) {
    if (failure instanceof TargetFailure) return failure;
    throw failure;
  }
}

async function judgeWrite({ item, prepared }: Write, answer: Answer, tools: WriteTools): Promise<Judged> {
  const redact = redactFor(item, tools.client);
  const judged = judge(item.step.action as Action, answer, prepared.call, redact);
  if (judged.kind === 'exists') {
    if (tools.config.lookUp === 'none') return taken(judged.providerCode);
    return existing(item, judged.providerCode, tools.finder);
  }
  return checkTaken(judged, prepared);
}

/** The same where nobody is looked up: without an id, core takes nobody for this person. */
function taken(providerCode: string): Judged {
  const message = 'A value that must be unique is taken; by whom is not looked up (target.lookUp: none).';
  return decided(outcome('conflict', 'ALREADY_EXISTS', providerCode, message));
}

/** What is to be said of somebody who exists: whose the account is, as far as the service shows it. */
async function existing(item: Item, providerCode: string, finder: Finder): Promise<Judged> {
  const login = item.attributes.userName;
  const found = typeof login === 'string' ? await finder.findBy('userName', login) : undefined;
  const id = found === undefined ? null : idOf(found);
  if (found === undefined || id === null) {
    // Not ALREADY_EXISTS: core would take that for this very person.
    const message =
      'A value that must be unique is taken, by somebody whom the service does not show by this login.';
    return decided(outcome('failed', 'REFUSED', providerCode, message));
  }
  const [has, wanted] = [field(found, 'externalId'), item.step.values.externalId];
  if (typeof has === 'string' && has !== '' && typeof wanted === 'string' && has !== wanted) {
    const message = 'A user with this login exists and has another externalId. It was left as it is.';
    return decided(outcome('conflict', 'LOGIN_TAKEN', providerCode, message));
  }
  const message = 'A user with this login exists; it was left as it is.';
  return decided(outcome('conflict', 'ALREADY_EXISTS', providerCode, message, id));
}

function mayBeOneOfMany(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 404, 405, 408, 412, 429].includes(status);
}

function redactFor({ userId, step, attributes }: Item, client: Client): Redact {
  return client.redact([userId, ...Object.values(step.values), ...Object.values(attributes)]);
}

/** A broken world during one item's work is that item's trouble until all of them are known. */
async function guarded<T>(work: () => Promise<T>): Promise<T | Judged> {
  try {
    return await work();
  } catch (failure) {
    if (!(failure instanceof TargetFailure)) throw failure;
    return { kind: 'trouble', failure };
  }
}
