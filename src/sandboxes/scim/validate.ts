import { isJson, type Json, ScimError } from './answers.ts';
import { type Attribute, extensions, urns, userAttributes } from './facts.ts';

const externalId: Attribute = {
  name: 'externalId',
  type: 'string',
  multiValued: false,
  required: false,
  caseExact: true,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
};
const common: ReadonlySet<string> = new Set(['schemas', 'id', 'meta']);

/** The attribute of this name, without case; of the core schema, or of an extension. */
export function attributeOf(schema: string | null, name: string): Attribute | null {
  const folded = name.toLowerCase();
  if (schema === null && folded === 'externalid') return externalId;
  const attributes = schema === null ? userAttributes : (extensions.get(schema) ?? []);
  return attributes.find((attribute) => attribute.name.toLowerCase() === folded) ?? null;
}

/** The extension that a URN names, without case. */
export function extensionOf(urn: string): string | null {
  return [...extensions.keys()].find((id) => id.toLowerCase() === urn.toLowerCase()) ?? null;
}

/**
 * The user that a POST or PUT body describes: only what may be written, under the names of the schema, without what
 * has no value. Refuses whatever the schemas do not know.
 */
export function userFromBody(body: unknown): Json {
  if (!isJson(body)) throw new ScimError(400, 'invalidSyntax', 'The body is not an object.');
  const named = body.schemas;
  if (!Array.isArray(named) || !named.includes(urns.user)) {
    throw new ScimError(400, 'invalidSyntax', 'schemas does not name the core user.');
  }
  const user: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(body)) {
    if (common.has(key)) continue;
    if (/^urn:/i.test(key)) Object.assign(user, extensionFrom(key, value, named));
    else Object.assign(user, attributesFrom(null, { [key]: value }));
  }
  return complete(user);
}

/** The extension under its own name, or nothing when it holds nothing. */
function extensionFrom(key: string, value: unknown, named: readonly unknown[]): Json {
  const extension = extensionOf(key);
  if (extension === null) throw new ScimError(400, 'invalidSyntax', 'An extension is unknown.');
  const folded = extension.toLowerCase();
  if (!named.some((one) => typeof one === 'string' && one.toLowerCase() === folded)) {
    throw new ScimError(400, 'invalidSyntax', 'schemas does not name an extension that the body holds.');
  }
  if (!isJson(value)) throw new ScimError(400, 'invalidValue', 'An extension is not an object.');
  const held = attributesFrom(extension, value);
  return Object.keys(held).length === 0 ? {} : { [extension]: held };
}

/** Refuses a user without a login, and more than one primary entry in a list. */
export function complete(user: Json): Json {
  if (typeof user.userName !== 'string' || user.userName.trim() === '') {
    throw new ScimError(400, 'invalidValue', 'userName is required.');
  }
  for (const value of Object.values(user)) {
    if (!Array.isArray(value)) continue;
    if (value.filter((entry) => isJson(entry) && entry.primary === true).length > 1) {
      throw new ScimError(400, 'invalidValue', 'A list has more than one primary entry.');
    }
  }
  return user;
}

function attributesFrom(schema: string | null, source: Json): Json {
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(source)) {
    const attribute = attributeOf(schema, name);
    if (attribute === null) throw new ScimError(400, 'invalidSyntax', `There is no attribute ${name}.`);
    // Read-only values are ignored (RFC 7644, section 3.5.1); a password is taken and forgotten.
    if (attribute.mutability !== 'readWrite') continue;
    const checked = checkedValue(attribute, value);
    if (checked !== null) found[attribute.name] = checked;
  }
  return found;
}

/** The value as it is stored; null when there is none. */
export function checkedValue(attribute: Attribute, value: unknown): unknown {
  if (value === null) return null;
  if (!attribute.multiValued) return checkedSingle(attribute, value);
  if (!Array.isArray(value)) throw new ScimError(400, 'invalidValue', `${attribute.name} is not a list.`);
  const entries = value.map((entry) => checkedSingle(attribute, entry)).filter((entry) => entry !== null);
  return entries.length === 0 ? null : entries;
}

export function checkedSingle(attribute: Attribute, value: unknown): unknown {
  if (attribute.type === 'complex') return checkedComplex(attribute, value);
  if (typeof value !== (attribute.type === 'boolean' ? 'boolean' : 'string')) throw wrongType(attribute);
  return value === '' ? null : value;
}

function checkedComplex(attribute: Attribute, value: unknown): Json | null {
  if (!isJson(value)) throw wrongType(attribute);
  const found: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) {
    const sub = subAttributeOf(attribute, name);
    if (sub === null) throw new ScimError(400, 'invalidSyntax', `There is no ${attribute.name}.${name}.`);
    const checked = sub.mutability === 'readOnly' ? null : checkedValue(sub, part);
    if (checked !== null) found[sub.name] = checked;
  }
  return Object.keys(found).length === 0 ? null : found;
}

function wrongType({ name, type }: Attribute): ScimError {
  return new ScimError(400, 'invalidValue', `${name} is not a ${type}.`);
}

export function subAttributeOf(attribute: Attribute, name: string): Attribute | null {
  const folded = name.toLowerCase();
  return attribute.subAttributes?.find((sub) => sub.name.toLowerCase() === folded) ?? null;
}
