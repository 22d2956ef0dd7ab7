import { fold } from '../../domain/comparison.ts';
import type { User, Value } from '../../domain/user.ts';
import { type Place, places } from './places.ts';
import { isObject, type Resource, urn } from './wire.ts';

/** What one attribute shall become: a value, nothing, or for a set the entries to add and to take. */
export interface Edit {
  readonly place: Place;
  readonly value: string | null;
  readonly add: readonly string[];
  readonly take: readonly string[];
}

/** The user that a resource describes; `groups` are the names of the groups, undefined where they are not read. */
export function userOf(resource: Resource, groups: readonly string[] | undefined): User {
  const attributes: Record<string, Value | null> = {};
  for (const [name, place] of Object.entries(places)) attributes[name] = valueAt(resource, place);
  if (groups !== undefined) attributes.groups = groups;
  return { id: idOf(resource) ?? '', active: isActive(resource), attributes };
}

export function idOf(resource: Resource): string | null {
  const id = field(resource, 'id');
  return typeof id === 'string' && id !== '' ? id : null;
}

/** A user who does not say so is active; some services write the boolean as a word. */
export function isActive(resource: Resource): boolean {
  const active = field(resource, 'active');
  return !(active === false || (typeof active === 'string' && active.toLowerCase() === 'false'));
}

/** Attribute names and schema URNs compare without case (RFC 7643, section 2.1). */
export function field(resource: Resource, name: string): unknown {
  return resource[keyOf(resource, name)];
}

/** The value of one attribute; null when it has none. */
export function valueAt(resource: Resource, place: Place): Value | null {
  switch (place.kind) {
    case 'single': {
      const [attribute, subAttribute] = place.path;
      const holder = holderOf(resource, place.schema);
      const value = holder === null ? undefined : field(holder, attribute);
      if (subAttribute === undefined) return textOf(value);
      return isObject(value) ? textOf(field(value, subAttribute)) : null;
    }
    case 'entry': {
      const found = entryOf(resource, place);
      return found === null ? null : textOf(isObject(found) ? field(found, 'value') : found);
    }
    case 'set':
      return setAt(resource, place.attribute);
    case 'reference': {
      const holder = holderOf(resource, place.schema);
      const value = holder === null ? undefined : field(holder, place.attribute);
      return textOf(isObject(value) ? field(value, 'value') : value);
    }
  }
}

/**
 * The entry that stands for an attribute such as `emails.work`: of those of the type, the primary one or else the
 * first; without such a one, where allowed, an entry that says no type at all. An entry of another type is never taken.
 */
export function entryOf(
  resource: Resource,
  place: { readonly attribute: string; readonly type: string; readonly untyped: boolean },
): unknown {
  const entries = listAt(resource, place.attribute);
  const ofType = entries.filter((entry) => typeOf(entry) === place.type);
  const untyped = place.untyped ? entries.filter((entry) => typeOf(entry) === null) : [];
  for (const candidates of [ofType, untyped]) {
    const chosen = candidates.find(isPrimary) ?? candidates[0];
    if (chosen !== undefined) return chosen;
  }
  return null;
}

export function listAt(resource: Resource, attribute: string): readonly unknown[] {
  const value = field(resource, attribute);
  return Array.isArray(value) ? value : [];
}

/** Values of the entries of a set; plain strings are taken too. */
export function setAt(resource: Resource, attribute: string): readonly string[] {
  const values = listAt(resource, attribute).map((entry) => setEntry(entry));
  return [...new Set(values.filter((value) => value !== null))].sort();
}

/** The resource with the edits laid over it; everything else stays as it is, known or not. */
export function overlay(resource: Resource, edits: readonly Edit[]): Resource {
  return edits.reduce(overlayOne, resource);
}

/** The edits that would change the resource. */
export function effective(resource: Resource, edits: readonly Edit[]): readonly Edit[] {
  return edits.filter((edit) => {
    if (edit.place.kind !== 'set') return textOf(edit.value) !== valueAt(resource, edit.place);
    const { add, take } = setDifference(resource, edit);
    return add.length > 0 || take.length > 0;
  });
}

/** Which entries of a set have to be added, and which of its present entries taken away. */
export function setDifference(
  resource: Resource,
  edit: Edit,
): { readonly add: readonly string[]; readonly take: readonly string[] } {
  if (edit.place.kind !== 'set') return { add: [], take: [] };
  const has = setAt(resource, edit.place.attribute);
  const folded = new Set(has.map(same));
  const taken = new Set(edit.take.map(same));
  return {
    add: edit.add.filter((entry) => !folded.has(same(entry))),
    take: has.filter((entry) => taken.has(same(entry))),
  };
}

function overlayOne(resource: Resource, edit: Edit): Resource {
  const { place, value } = edit;
  switch (place.kind) {
    case 'single': {
      const [attribute, subAttribute] = place.path;
      return withHolder(resource, place.schema, (holder) => {
        if (subAttribute === undefined) return put(holder, attribute, value);
        const complex = field(holder, attribute);
        return put(holder, attribute, orNull(put(isObject(complex) ? complex : {}, subAttribute, value)));
      });
    }
    case 'entry':
      return put(resource, place.attribute, withEntry(resource, place, value));
    case 'set':
      return put(resource, place.attribute, withSet(resource, edit));
    case 'reference':
      // The old manager's `displayName` and `$ref` would contradict the new `value`.
      return withHolder(resource, place.schema, (holder) =>
        put(holder, place.attribute, value === null ? null : { value }),
      );
  }
}

/** The list with one entry's value changed, taken out or added; the other entries survive. */
export function withEntry(
  resource: Resource,
  place: { readonly attribute: string; readonly type: string; readonly untyped: boolean },
  value: string | null,
): readonly unknown[] {
  const entries = listAt(resource, place.attribute);
  const chosen = entryOf(resource, place);
  if (chosen === null) return value === null ? entries : [...entries, newEntry(entries, place, value)];
  return entries.flatMap((entry) => {
    if (entry !== chosen) return [entry];
    if (value === null) return [];
    return [isObject(entry) ? put(put(entry, 'display', null), 'value', value) : value];
  });
}

/** Primary only where no other entry is: there is at most one (RFC 7643, section 2.4). */
export function newEntry(
  entries: readonly unknown[],
  place: { readonly attribute: string; readonly type: string },
  value: string,
): Resource {
  const primary = place.attribute === 'emails' && !entries.some(isPrimary);
  return { value, type: place.type, ...(primary ? { primary: true } : {}) };
}

function withSet(resource: Resource, edit: Edit): readonly unknown[] {
  if (edit.place.kind !== 'set') return [];
  const { add, take } = setDifference(resource, edit);
  const taken = new Set(take.map(same));
  const kept = listAt(resource, edit.place.attribute).filter((entry) => {
    const value = setEntry(entry);
    return value === null || !taken.has(same(value));
  });
  return [...kept, ...add.map((value) => ({ value }))];
}

function withHolder(
  resource: Resource,
  schema: string | null,
  change: (holder: Resource) => Resource,
): Resource {
  if (schema === null) return change(resource);
  const changed = change(holderOf(resource, schema) ?? {});
  return withSchemas(put(resource, schema, orNull(changed)));
}

/** `schemas` names every extension that the resource holds (RFC 7643, section 3). */
function withSchemas(resource: Resource): Resource {
  const named = listAt(resource, 'schemas').filter((entry) => typeof entry === 'string');
  const schemas = named.length === 0 ? [urn.user] : named;
  const known = new Set(schemas.map((entry) => entry.toLowerCase()));
  const missing = Object.keys(resource).filter((key) => /^urn:/i.test(key) && !known.has(key.toLowerCase()));
  const gone = urn.enterprise.toLowerCase();
  const holds = isObject(field(resource, urn.enterprise));
  const kept = schemas.filter((entry) => holds || entry.toLowerCase() !== gone);
  return put(resource, 'schemas', [...kept, ...missing]);
}

function holderOf(resource: Resource, schema: string | null): Resource | null {
  if (schema === null) return resource;
  const holder = field(resource, schema);
  return isObject(holder) ? holder : null;
}

/** With the value under the spelling that is there already; without the attribute for null. */
function put(resource: Resource, name: string, value: unknown): Resource {
  const key = keyOf(resource, name);
  const { [key]: _, ...others } = resource;
  return value === null ? others : { ...resource, [key]: value };
}

function keyOf(resource: Resource, name: string): string {
  if (Object.hasOwn(resource, name)) return name;
  const folded = name.toLowerCase();
  return Object.keys(resource).find((key) => key.toLowerCase() === folded) ?? name;
}

function orNull(resource: Resource): Resource | null {
  return Object.keys(resource).length === 0 ? null : resource;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function typeOf(entry: unknown): string | null {
  const type = isObject(entry) ? field(entry, 'type') : null;
  return typeof type === 'string' && type !== '' ? type.toLowerCase() : null;
}

export function isPrimary(entry: unknown): boolean {
  return isObject(entry) && field(entry, 'primary') === true;
}

function setEntry(entry: unknown): string | null {
  return textOf(isObject(entry) ? field(entry, 'value') : entry);
}

function same(text: string): string {
  return fold(text, { caseExact: false });
}
