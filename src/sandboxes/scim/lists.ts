import type { FaultAction } from '../faults.ts';
import { type Json, type ScimAnswer, ScimError } from './answers.ts';
import { type Directory, type Entry, groupId, versionOf } from './directory.ts';
import { badgeAttributes, urns } from './facts.ts';
import { parseFilter } from './filter.ts';
import { attributeOf } from './validate.ts';

type Query = Readonly<Record<string, string>>;

/** A list response: by index (RFC 7644, section 3.4.2.4), or by cursor (RFC 9865) where the service has cursors. */
export function listAnswer(
  directory: Directory,
  kind: 'Users' | 'Groups',
  query: Query,
  fault: FaultAction,
): ScimAnswer {
  const found = sorted(directory, filtered(directory, rows(directory, kind, query), query), query);
  const count = countOf(query.count, directory.service.maxResults);
  const start = startOf(directory, found, query);
  const page = found.slice(start, start + count);
  const next = found[start + count] === undefined ? undefined : page.at(-1);
  const where = directory.service.cursor
    ? next === undefined
      ? {}
      : { nextCursor: Buffer.from(String(next.seq)).toString('base64url') }
    : { startIndex: start + 1 };
  const total = found.length + (fault.contradict === 'counts' ? 7 : 0);
  const body = {
    schemas: [urns.list],
    totalResults: total,
    itemsPerPage: page.length,
    ...where,
    ...(page.length === 0 ? {} : { Resources: page.map(({ show }) => show()) }),
  };
  return { status: 200, body };
}

interface RowOfList {
  readonly seq: number;
  /** What filters and sorting see. */
  readonly whole: Json;
  show(): Json;
}

function* rows(directory: Directory, kind: 'Users' | 'Groups', query: Query): Generator<RowOfList> {
  const { attributes } = query;
  if (kind === 'Users') {
    for (const entry of directory.entries()) {
      yield {
        seq: entry.seq,
        whole: { id: entry.id, ...entry.user },
        show: () => shownUser(directory, entry, attributes ?? null),
      };
    }
    return;
  }
  let seq = 0;
  for (const [id, name] of directory.groups()) {
    seq += 1;
    yield { seq, whole: { id, displayName: name }, show: () => shownGroup(directory, id, name, attributes) };
  }
}

function filtered(directory: Directory, all: Iterable<RowOfList>, { filter }: Query): RowOfList[] {
  if (filter === undefined) return [...all];
  if (!directory.service.filter) throw new ScimError(400, 'invalidFilter', 'Filters are not supported.');
  const test = parseFilter(filter, (path) => path === 'id' || attributeOf(null, path)?.caseExact === true);
  return [...all].filter(({ whole }) => test(whole));
}

function sorted(directory: Directory, all: RowOfList[], { sortBy }: Query): RowOfList[] {
  if (sortBy === undefined) return all;
  if (!directory.service.sort) throw new ScimError(400, 'invalidValue', 'Sorting is not supported.');
  // With cursors the order of coming is kept, for the cursor is a place in it.
  if (directory.service.cursor) return all;
  const key = ({ whole }: RowOfList): string => String(whole[sortBy] ?? '').toLowerCase();
  return all.toSorted((one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0));
}

function countOf(count: string | undefined, most: number): number {
  if (count === undefined) return most;
  if (!/^-?\d+$/.test(count)) throw new ScimError(400, 'invalidValue', 'count is no number.');
  return Math.min(Math.max(Number(count), 0), most);
}

function startOf(directory: Directory, found: readonly RowOfList[], query: Query): number {
  const { startIndex, cursor } = query;
  if (directory.service.cursor) {
    if (startIndex !== undefined) {
      throw new ScimError(400, 'invalidValue', 'Pages have cursors here, no indexes.');
    }
    if (cursor === undefined || cursor === '') return 0;
    const seq = Number(Buffer.from(cursor, 'base64url').toString());
    if (!Number.isInteger(seq)) throw new ScimError(400, 'invalidCursor', 'The cursor is none of ours.');
    const at = found.findIndex((row) => row.seq > seq);
    return at === -1 ? found.length : at;
  }
  if (cursor !== undefined) throw new ScimError(400, 'invalidCursor', 'Cursors are not supported.');
  if (startIndex === undefined) return 0;
  if (!/^-?\d+$/.test(startIndex)) throw new ScimError(400, 'invalidValue', 'startIndex is no number.');
  return Math.max(Number(startIndex), 1) - 1;
}

/** The user as the wire shows it; `attributes`, when given, are all that is shown beside the id. */
export function shownUser(directory: Directory, entry: Entry, attributes: string | null): Json {
  const { id, user, groups } = entry;
  const extensions = Object.keys(user).filter((key) => key.startsWith('urn:'));
  const memberships = groups.map((display) => ({ value: groupId(display), display, type: 'direct' }));
  const always = { schemas: [urns.user, ...extensions], id };
  const whole: Record<string, unknown> = {
    ...user,
    ...(directory.service.groupsInUsers && groups.length > 0 ? { groups: memberships } : {}),
    meta: {
      resourceType: 'User',
      location: `/Users/${id}`,
      ...(directory.service.etag ? { version: versionOf(entry) } : {}),
    },
  };
  const wanted = attributes?.toLowerCase().split(',');
  if (wanted === undefined) return { ...always, ...withoutRequested(whole) };
  const shown = Object.entries(whole).flatMap(([key, value]) => {
    const folded = key.toLowerCase();
    if (wanted.includes(folded)) return [[key, value] as const];
    const inner = Object.entries(key.startsWith('urn:') ? (value as Json) : {}).filter(([name]) =>
      wanted.includes(`${folded}:${name.toLowerCase()}`),
    );
    return inner.length === 0 ? [] : [[key, Object.fromEntries(inner)] as const];
  });
  return { ...always, ...Object.fromEntries(shown) };
}

/** What is `returned: request` shows only when it is named. */
function withoutRequested(whole: Json): Json {
  const badge = whole[urns.badge];
  if (badge === undefined) return whole;
  const hidden = new Set(
    badgeAttributes.filter(({ returned }) => returned === 'request').map(({ name }) => name),
  );
  const inner = Object.entries(badge as Json).filter(([name]) => !hidden.has(name));
  return { ...whole, [urns.badge]: Object.fromEntries(inner) };
}

export function shownGroup(
  directory: Directory,
  id: string,
  displayName: string,
  attributes: string | undefined,
): Json {
  const always = { schemas: [urns.group], id };
  const wanted = attributes?.toLowerCase().split(',') ?? ['displayname', 'members'];
  const members = wanted.includes('members')
    ? [...directory.entries()]
        .filter(({ groups }) => groups.includes(displayName))
        .map((entry) => ({ value: entry.id, display: String(entry.user.userName), type: 'User' }))
    : [];
  return {
    ...always,
    ...(wanted.includes('displayname') ? { displayName } : {}),
    ...(members.length > 0 ? { members } : {}),
    meta: { resourceType: 'Group', location: `/Groups/${id}` },
  };
}
