import type { Item } from '../../contracts/provider.ts';
import { identicalValue } from '../../domain/comparison.ts';
import { outcome } from '../../domain/outcome.ts';
import { type Call, type Client, failureOf, unreadable } from './client.ts';
import type { Config } from './config.ts';
import { type Capabilities, unwritable } from './discovery.ts';
import { versionOf } from './groups.ts';
import { decided, type Judged, refused } from './outcomes.ts';
import { patchBody, type Wanted } from './patch.ts';
import { places } from './places.ts';
import { type Edit, effective, isActive, overlay, valueAt } from './resource.ts';
import { setOf, takenRoles } from './steps.ts';
import { isObject, type Resource, urn } from './wire.ts';

/** A write that is ready to be sent, by itself or in a bulk request. */
export interface Prepared {
  readonly call: Call;
  /** The user as it was read, and what shall come of it; null for a create and a delete. */
  readonly expected: { readonly before: Resource; readonly wanted: Wanted } | null;
}

export interface PrepareTools {
  readonly client: Client;
  readonly able: Capabilities;
  readonly config: Config;
}

/** The write that an item takes, or what can be said of it without one. Reads the user where it has to be known. */
export async function prepare(item: Item, tools: PrepareTools): Promise<Prepared | Judged> {
  const { able, config } = tools;
  const edits = editsOf(item);
  for (const edit of edits) {
    const why = unwritable(able.schemas, edit.name, edit.place);
    if (why !== null) return refused(why);
  }
  if (item.step.action === 'create') return creation(edits, able);
  if (item.userId === null) throw new Error(`A step ${item.step.action} names no user.`);
  if (item.step.action === 'remove') {
    if (config.removal === 'delete') return deletion(item.userId, able);
    return change(item.userId, { edits: [], active: false }, tools);
  }
  const { active } = item.step.values;
  return change(item.userId, { edits, active: typeof active === 'boolean' ? active : null }, tools);
}

/** The path of one user. */
export function userPath(able: Capabilities, id: string): string {
  if (/^\.*$/.test(id)) throw new Error('A user has an id that no path can hold.');
  return `${able.users}/${encodeURIComponent(id)}`;
}

interface NamedEdit extends Edit {
  readonly name: string;
}

function editsOf({ step }: Item): readonly NamedEdit[] {
  const edits: NamedEdit[] = [];
  for (const [name, value] of Object.entries(step.values)) {
    const place = Object.hasOwn(places, name) ? places[name] : undefined;
    if (place === undefined || value === undefined) continue;
    const isSet = place.kind === 'set';
    edits.push({
      name,
      place,
      value: typeof value === 'string' ? value : null,
      add: isSet ? setOf(value) : [],
      take: isSet ? setOf(step.values[takenRoles]) : [],
    });
  }
  return edits;
}

function creation(edits: readonly Edit[], able: Capabilities): Prepared {
  // Some services take a user who does not say so for inactive.
  const body = overlay({ schemas: [urn.user], active: true }, edits);
  return {
    call: { method: 'POST', path: able.users, name: '/Users', body, safe: false },
    expected: null,
  };
}

function deletion(id: string, able: Capabilities): Prepared {
  const call: Call = { method: 'DELETE', path: userPath(able, id), name: '/Users/…', safe: false };
  return { call, expected: null };
}

/**
 * The user is read before it is written: a PUT has to hold everything, a PATCH has to name the entry of a list that is
 * there, and only what differs is sent.
 */
async function change(id: string, wanted: Wanted, tools: PrepareTools): Promise<Prepared | Judged> {
  const { able, config } = tools;
  const read = await readUser(id, tools);
  if (read === null)
    return decided(outcome('failed', 'REFUSED', '404', 'The service has no such user any more.'));
  const { resource, version } = read;
  const edits = effective(resource, wanted.edits);
  const active = wanted.active === isActive(resource) ? null : wanted.active;
  if (edits.length === 0 && active === null) {
    return decided(outcome('succeeded', 'ALREADY_SO', null, 'The user had these values already.'));
  }
  const path = userPath(able, id);
  const shared = { path, name: '/Users/…', ifMatch: version, safe: false };
  const expected = { before: resource, wanted: { edits, active } };
  if (able.patch) {
    const body = patchBody(resource, { edits, active }, config.patchDialect);
    return { call: { ...shared, method: 'PATCH', body }, expected };
  }
  const whole = await completed(resource, id, tools);
  if ('kind' in whole) return whole as Judged;
  const laid = overlay(whole, edits);
  // Read-only attributes are ignored in a PUT (RFC 7644, section 3.5.1), but some services refuse these two.
  const { meta: _, groups: __, ...body } = active === null ? laid : { ...laid, active };
  return { call: { ...shared, method: 'PUT', body }, expected };
}

async function readUser(
  id: string,
  { client, able }: PrepareTools,
): Promise<{ readonly resource: Resource; readonly version: string | null } | null> {
  const call: Call = { method: 'GET', path: userPath(able, id), name: '/Users/…', safe: true };
  const answer = await client.send(call);
  if (answer.status === 404) return null;
  const failure = failureOf(answer, call);
  if (failure !== null) throw failure;
  if (!isObject(answer.json)) throw unreadable(call, 'it is not a user');
  return { resource: answer.json, version: able.etag ? versionOf(answer.json, answer) : null };
}

/**
 * The user with the attributes that are shown only when they are asked for, since a PUT without them would clear them.
 * Refused where the service has an attribute that it never shows, unless the job says that it survives.
 */
async function completed(
  resource: Resource,
  id: string,
  { client, able, config }: PrepareTools,
): Promise<Resource | Judged> {
  const acknowledged = new Set(config.unseen.map((name) => name.toLowerCase()));
  const hidden = able.schemas.hidden.filter(({ path }) => !acknowledged.has(path.toLowerCase()));
  const never = hidden.find((attribute) => attribute.never);
  if (never !== undefined) {
    return refused(
      `The service never shows ${never.path}, so a PUT might clear it, and nothing was written. If the service keeps ` +
        'it, name it under target.unseen.',
    );
  }
  if (hidden.length === 0) return resource;
  const names = encodeURIComponent(hidden.map(({ path }) => path).join(','));
  const path = `${userPath(able, id)}?attributes=${names}`;
  const call: Call = { method: 'GET', path, name: '/Users/…', safe: true };
  const answer = await client.send(call);
  const failure = failureOf(answer, call);
  if (failure !== null) throw failure;
  if (!isObject(answer.json)) throw unreadable(call, 'it is not a user');
  return merged(resource, answer.json);
}

function merged(resource: Resource, more: Resource): Resource {
  const both: Record<string, unknown> = { ...resource };
  for (const [name, value] of Object.entries(more)) {
    const has = both[name];
    if (isObject(has) && isObject(value)) both[name] = { ...value, ...has };
    else if (has === undefined) both[name] = value;
  }
  return both;
}

/**
 * The outcome of a write whose answer shows the user: a service may answer success and leave an attribute as it was,
 * and nobody who should be disabled is called disabled then.
 */
export function checkTaken(judged: Judged, { expected }: Prepared): Judged {
  if (judged.kind !== 'outcome' || judged.resource === null || expected === null) return judged;
  const { before, wanted } = expected;
  const after = judged.resource;
  // An answer may leave attributes out; one that does not show the user at all proves nothing.
  if (!Object.hasOwn(after, 'userName')) return judged;
  if (wanted.active !== null && Object.hasOwn(after, 'active') && isActive(after) !== wanted.active) {
    return ignored('active');
  }
  for (const { place, value } of wanted.edits) {
    if (place.kind !== 'single') continue;
    const [was, is] = [valueAt(before, place), valueAt(after, place)];
    if (is !== null && identicalValue(was, is) && !identicalValue(is, value))
      return ignored(place.path.join('.'));
  }
  return judged;
}

function ignored(attribute: string): Judged {
  const message = `The service answered success, but shows ${attribute} unchanged.`;
  return decided(outcome('failed', 'NOT_APPLIED', null, message));
}
