import { randomInt } from 'node:crypto';
import type { Step } from '../../domain/change.ts';
import type { Value } from '../../domain/user.ts';
import type { Config } from './config.ts';
import type { Names } from './names.ts';
import {
  foldName,
  groupsAdded,
  groupsRemoved,
  rolesAdded,
  rolesRemoved,
  setOf,
  textFields,
} from './users.ts';
import { type Dialect, hasSince } from './versions.ts';
import type { Named, Reference, VcdUser } from './wire.ts';

/** A body to send, or in words why there is none. */
export type Body =
  | { readonly body: Readonly<Record<string, unknown>> }
  | { readonly refused: { readonly code: 'REFUSED' | 'NOT_WRITABLE'; readonly message: string } };

export interface BodyContext {
  readonly dialect: Dialect;
  readonly config: Config;
  readonly roles: Names;
  readonly organisation: Named;
}

/** What stands for a password that stays (SDK terraform-provider-vcfa: "just like UI", 2026). */
export const asterisks = '******';

/** The body of a create. `password` is null but for local users. */
export function createBody(step: Step, password: string | null, context: BodyContext): Body {
  const { dialect, config, organisation } = context;
  const { userName } = step.values;
  if (typeof userName !== 'string') return refusedAs('REFUSED', 'The user has no user name.');
  if (config.providerType === undefined) {
    return refusedAs('REFUSED', 'target.providerType does not say where new users sign in.');
  }
  const fields = textValues(step, dialect);
  if ('refused' in fields) return fields;
  const roles = referencesTo(setOf(step.values.roles), roleNames(context));
  if ('refused' in roles) return roles;
  return {
    body: {
      username: foldName(userName),
      ...withoutNulls(fields.body),
      roleEntityRefs: roles.references,
      providerType: config.providerType,
      enabled: true,
      ...(password === null ? {} : { password }),
      // Said by the vendor's SDK to VCF Automation; read-only in Cloud Director.
      ...(dialect.flavour === 'vcfa' && organisation.id !== '' ? { orgEntityRef: organisation } : {}),
    },
  };
}

/** Never written back: read-only in one flavour or both, or replaced below. */
const dropped: readonly string[] = ['effectiveRoleEntityRefs', 'isGroupRole', 'stranded', 'password'];

/**
 * The body of an update: a PUT replaces the whole user, so all that was read goes back, overlaid with what the step
 * changes. An omitted `enabled` would re-enable a disabled user, and an omitted name become empty.
 */
export function updateBody(current: VcdUser, step: Step, context: BodyContext): Body {
  const unseen = unseenField(current);
  if (unseen !== null) {
    return refusedAs(
      'REFUSED',
      `The read did not show ${unseen}, so writing the user back could lose it. The account that signs in needs the ` +
        'right "View Group / User".',
    );
  }
  const { dialect, config } = context;
  const fields = textValues(step, dialect);
  if ('refused' in fields) return fields;
  const roles = rolesAfter(current, step, context);
  if ('refused' in roles) return roles;
  const name = userNameAfter(current, step, context);
  if ('refused' in name) return name;
  const isLocal = current.providerType === 'LOCAL';
  const kept = Object.entries(current).filter(([field]) => !isDropped(field, current, dialect));
  return {
    body: {
      ...Object.fromEntries(kept),
      ...fields.body,
      id: current.id,
      username: name.userName,
      // "Must be set to previous username" on every update (SDK terraform-provider-vcfa, 2026), which is so of local
      // users; the name in another source is that source's.
      nameInSource: isLocal ? current.username : (current.nameInSource ?? current.username),
      roleEntityRefs: roles.references,
      enabled: enabledAfter(current, step),
      ...(isLocal && config.unchangedPassword === 'asterisks' ? { password: asterisks } : {}),
    },
  };
}

/**
 * The body that puts a user into groups and takes the user out of others. It replaces all memberships, so those that
 * the user has now go back, whoever gave them since. Null when they are so already.
 */
export function groupsBody(
  held: readonly Reference[],
  step: Step,
  context: { readonly groups: Names; readonly organisation: Named },
): Body | null {
  const change = { added: setOf(step.values[groupsAdded]), removed: setOf(step.values[groupsRemoved]) };
  const space = { type: 'group', names: context.groups, organisation: context.organisation } as const;
  const after = overlaid(held, change, space);
  if ('refused' in after) return after;
  const { references } = after;
  const isSame = references.length === held.length && references.every((one) => held.includes(one));
  if (isSame) return null;
  return { body: { values: references.map(({ id, name }) => (name == null ? { id } : { name, id })) } };
}

/** A password that VCF Automation (15 characters, four kinds) and Cloud Director (6 to 128) both take. */
export function generatedPassword(): string {
  const kinds = ['abcdefghijkmnpqrstuvwxyz', 'ABCDEFGHJKLMNPQRSTUVWXYZ', '23456789', '!#%+-=?@_'];
  const all = kinds.join('');
  const characters = Array.from({ length: 32 }, (_, index) => oneOf(kinds[index] ?? all));
  for (let index = characters.length - 1; index > 0; index -= 1) {
    const other = randomInt(index + 1);
    [characters[index], characters[other]] = [characters[other] ?? '', characters[index] ?? ''];
  }
  return characters.join('');
}

function oneOf(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}

/** Fields that only a caller with the right to view users is shown (37.2, `x-vcloud-restricted`), and roles. */
function unseenField(current: VcdUser): string | null {
  if (typeof current.enabled !== 'boolean') return '`enabled`';
  if (!current.providerType) return '`providerType`';
  if (current.roleEntityRefs === undefined) return '`roleEntityRefs`';
  return null;
}

function isDropped(field: string, current: VcdUser, dialect: Dialect): boolean {
  // An account may not be locked by a write, and `locked: false` back is what was read.
  if (field === 'locked') return current.locked !== false;
  if (field === 'orgEntityRef') return dialect.flavour === 'vcd';
  return dropped.includes(field);
}

function enabledAfter(current: VcdUser, step: Step): boolean | null | undefined {
  if (step.action === 'enable') return true;
  return step.action === 'disable' ? false : current.enabled;
}

type Refused = Extract<Body, { readonly refused: unknown }>;

function userNameAfter(
  current: VcdUser,
  step: Step,
  { config, dialect }: BodyContext,
): { readonly userName: string } | Refused {
  const wanted = step.values.userName;
  if (typeof wanted !== 'string' || foldName(wanted) === foldName(current.username)) {
    return { userName: current.username };
  }
  const mayRename = config.renames ?? dialect.flavour === 'vcfa';
  if (mayRename) return { userName: foldName(wanted) };
  return refusedAs(
    'NOT_WRITABLE',
    'User names are not changed here: earlier versions of Cloud Director refuse it. If this one does not, set ' +
      'target.renames: true.',
  );
}

/** Since when a field exists; Cloud Director knows the names of a person only as one (pages of 37.2, 39.1 and 9.1). */
const since: Readonly<Record<string, string>> = { phone: '38.0', givenName: '40.0', familyName: '40.0' };

function textValues(step: Step, dialect: Dialect): Body {
  const body: Record<string, Value | null> = {};
  for (const [attribute, field] of textFields) {
    const value = step.values[attribute];
    if (value === undefined) continue;
    const first = since[field];
    if (first !== undefined && !hasSince(dialect, first)) {
      if (value === null) continue;
      return refusedAs(
        'REFUSED',
        `${attribute} cannot be written: version ${dialect.version} has no ${field}.`,
      );
    }
    // These two have '' for a default, the others null (37.2).
    const nothing = field === 'fullName' || field === 'description' ? '' : null;
    body[field] = value ?? nothing;
  }
  return { body };
}

/** The roles as they are now with the step's laid over: what others gave in the meantime stays. */
function rolesAfter(current: VcdUser, step: Step, context: BodyContext): Referenced | Refused {
  const held = current.roleEntityRefs ?? [];
  const added = setOf(step.values[rolesAdded]);
  const removed = setOf(step.values[rolesRemoved]);
  if (added.length === 0 && removed.length === 0) return { references: held };
  if (current.isGroupRole === true && context.dialect.flavour === 'vcd') {
    // Then the field is a read-only picture of what the user's groups give (page of 39.x).
    return refusedAs('NOT_WRITABLE', "The user's roles come from groups: change them there.");
  }
  return overlaid(held, { added, removed }, roleNames(context));
}

interface Referenced {
  readonly references: readonly Reference[];
}

/** Where names are looked up, and what messages call it. */
interface NameSpace {
  readonly type: 'role' | 'group';
  readonly names: Names;
  readonly organisation: Named;
}

function roleNames({ roles, organisation }: BodyContext): NameSpace {
  return { type: 'role', names: roles, organisation };
}

function overlaid(
  held: readonly Reference[],
  { added, removed }: { readonly added: readonly string[]; readonly removed: readonly string[] },
  space: NameSpace,
): Referenced | Refused {
  const kept = held.filter((reference) => !removed.includes(space.names.nameOf(reference)));
  const present = new Set(kept.map((reference) => space.names.nameOf(reference)));
  const fresh = referencesTo(
    added.filter((name) => !present.has(name)),
    space,
  );
  return 'refused' in fresh ? fresh : { references: [...kept, ...fresh.references] };
}

function referencesTo(wanted: readonly string[], space: NameSpace): Referenced | Refused {
  const { type, names, organisation } = space;
  const references: Reference[] = [];
  for (const name of wanted) {
    const [found, another] = names.named(name);
    const where = `in the organisation ${organisation.name}`;
    if (found === undefined) return refusedAs('REFUSED', `There is no ${type} ${name} ${where}.`);
    if (another !== undefined) {
      return refusedAs(
        'REFUSED',
        `There are several ${type}s ${name} ${where}, and nothing tells which is meant.`,
      );
    }
    references.push({ id: found.id, name: found.name });
  }
  return { references };
}

function withoutNulls(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== ''));
}

function refusedAs(code: 'REFUSED' | 'NOT_WRITABLE', message: string): Refused {
  return { refused: { code, message } };
}
