import type { Config } from './config.ts';
import { schemaNameOf } from './places.ts';
import { type Edit, entryOf, field, listAt, newEntry, overlay, setDifference } from './resource.ts';
import { isObject, type Resource, urn } from './wire.ts';

export type Dialect = Config['patchDialect'];

interface Operation {
  readonly op: string;
  readonly path?: string;
  readonly value?: unknown;
}

/** What a PATCH of a user shall bring about; `active` is null where it stays as it is. */
export interface Wanted {
  readonly edits: readonly Edit[];
  readonly active: boolean | null;
}

/**
 * The body of a PATCH.
 * - `rfc`: one operation for each attribute, by its path (RFC 7644, section 3.5.2)
 * - `okta`: one `replace` without a path that holds whole top-level attributes, for services that take the deactivation
 *   that Okta sends and no filters in paths (GitHub's reference of SCIM, read in 2026)
 * - `entra`: as Entra ID sends it without the flag `aadOptscim062020`: operations with a capital, booleans as words,
 *   members removed by value (Microsoft, "Known issues and resolutions with SCIM 2.0", read in 2026). Unconfirmed are
 *   the manager as a bare id, and an `Add` whose filter matches no entry yet
 */
export function patchBody(resource: Resource, wanted: Wanted, dialect: Dialect): Resource {
  const operations =
    dialect === 'okta' ? wholeAttributes(resource, wanted) : byPath(resource, wanted, dialect === 'entra');
  return { schemas: [urn.patch], Operations: operations };
}

/** The body of a PATCH that adds members to a group, or takes them away. */
export function membersBody(
  action: 'add-to-group' | 'remove-from-group',
  userIds: readonly string[],
  dialect: Dialect,
): Resource {
  const members = userIds.map((value) => ({ value }));
  return { schemas: [urn.patch], Operations: memberOperations(action, members, dialect) };
}

function memberOperations(
  action: 'add-to-group' | 'remove-from-group',
  members: readonly { readonly value: string }[],
  dialect: Dialect,
): readonly Operation[] {
  const entra = dialect === 'entra';
  if (action === 'add-to-group') return [{ op: entra ? 'Add' : 'add', path: 'members', value: members }];
  if (entra) return [{ op: 'Remove', path: 'members', value: members }];
  return members.map(({ value }) => ({ op: 'remove', path: `members[value eq ${quoted(value)}]` }));
}

/** A string in a filter is a JSON string (RFC 7644, section 3.4.2.2): quotes and backslashes are escaped. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

function byPath(resource: Resource, wanted: Wanted, entra: boolean): readonly Operation[] {
  const words = entra
    ? { add: 'Add', replace: 'Replace', remove: 'Remove' }
    : { add: 'add', replace: 'replace', remove: 'remove' };
  const operations: Operation[] = [];
  if (wanted.active !== null) {
    const value = entra ? (wanted.active ? 'True' : 'False') : wanted.active;
    operations.push({ op: words.replace, path: 'active', value });
  }
  for (const edit of wanted.edits) operations.push(...operationsOf(resource, edit, words, entra));
  return operations;
}

interface Words {
  readonly add: string;
  readonly replace: string;
  readonly remove: string;
}

function operationsOf(resource: Resource, edit: Edit, words: Words, entra: boolean): readonly Operation[] {
  const { place, value } = edit;
  switch (place.kind) {
    case 'single': {
      const path = pathOf(edit);
      return value === null ? [{ op: words.remove, path }] : [{ op: words.replace, path, value }];
    }
    case 'reference': {
      const path = pathOf(edit);
      if (value === null) return [{ op: words.remove, path }];
      return [{ op: words.replace, path, value: entra ? value : { value } }];
    }
    case 'set': {
      const { add, take } = setDifference(resource, edit);
      return [
        ...(add.length === 0
          ? []
          : [{ op: words.add, path: place.attribute, value: add.map((one) => ({ value: one })) }]),
        ...take.map((one) => ({ op: words.remove, path: `${place.attribute}[value eq ${quoted(one)}]` })),
      ];
    }
    case 'entry': {
      const chosen = entryOf(resource, place);
      if (chosen !== null) {
        const selected = selectorOf(resource, place.attribute, chosen);
        if (value === null) return [{ op: words.remove, path: selected }];
        return [{ op: words.replace, path: `${selected}.value`, value }];
      }
      if (value === null) return [];
      if (entra) {
        return [{ op: words.add, path: `${place.attribute}[type eq ${quoted(place.type)}].value`, value }];
      }
      const added = newEntry(listAt(resource, place.attribute), place, value);
      return [{ op: words.add, path: place.attribute, value: [added] }];
    }
  }
}

/** The path of one entry of a list and of no other: by its type where that is enough, else by its value too. */
function selectorOf(resource: Resource, attribute: string, chosen: unknown): string {
  const type = isObject(chosen) ? field(chosen, 'type') : undefined;
  const value = isObject(chosen) ? field(chosen, 'value') : chosen;
  const byValue = typeof value === 'string' ? `value eq ${quoted(value)}` : '';
  if (typeof type !== 'string' || type === '') return `${attribute}[${byValue}]`;
  const folded = type.toLowerCase();
  const alike = listAt(resource, attribute).filter(
    (entry) => isObject(entry) && String(field(entry, 'type') ?? '').toLowerCase() === folded,
  );
  const byType = `type eq ${quoted(type)}`;
  return alike.length === 1 || byValue === ''
    ? `${attribute}[${byType}]`
    : `${attribute}[${byType} and ${byValue}]`;
}

function pathOf(edit: Edit): string {
  const { schema, name } = schemaNameOf(edit.place);
  return schema === urn.user ? name : `${schema}:${name}`;
}

function wholeAttributes(resource: Resource, wanted: Wanted): readonly Operation[] {
  const after = overlay(resource, wanted.edits);
  const names = new Set(wanted.edits.map(topLevelOf));
  const value: Record<string, unknown> = {};
  const removed: Operation[] = [];
  if (wanted.active !== null) value.active = wanted.active;
  for (const name of names) {
    const whole = field(after, name);
    const isGone = whole === undefined || (Array.isArray(whole) && whole.length === 0);
    if (isGone) removed.push({ op: 'remove', path: name });
    else value[name] = whole;
  }
  return [...(Object.keys(value).length === 0 ? [] : [{ op: 'replace', value }]), ...removed];
}

function topLevelOf(edit: Edit): string {
  const { schema, name } = schemaNameOf(edit.place);
  return schema === urn.user ? (name.split('.')[0] ?? name) : schema;
}
