import { isJson, type Json, ScimError } from './answers.ts';
import { type Attribute, type Service, urns } from './facts.ts';
import { parseFilter, type Test } from './filter.ts';
import {
  attributeOf,
  checkedSingle,
  checkedValue,
  complete,
  extensionOf,
  subAttributeOf,
} from './validate.ts';

export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string | null;
  readonly value: unknown;
}

/** The operations of a PATCH body, in the one dialect that the service takes. */
export function operationsOf(body: unknown, dialect: Service['dialect']): readonly PatchOperation[] {
  const isPatch = isJson(body) && Array.isArray(body.schemas) && body.schemas.includes(urns.patch);
  if (!isPatch || !Array.isArray(body.Operations) || body.Operations.length === 0) {
    throw new ScimError(400, 'invalidSyntax', 'The body is no PatchOp with operations.');
  }
  return body.Operations.map((operation: unknown) => operationOf(operation, dialect));
}

function operationOf(operation: unknown, dialect: Service['dialect']): PatchOperation {
  if (!isJson(operation) || typeof operation.op !== 'string') {
    throw new ScimError(400, 'invalidSyntax', 'An operation has no op.');
  }
  const spelt = dialect === 'entra' ? ['Add', 'Replace', 'Remove'] : ['add', 'replace', 'remove'];
  if (!spelt.includes(operation.op)) {
    throw new ScimError(400, 'invalidSyntax', `op is none of ${spelt.join(', ')}.`);
  }
  const { path = null, value } = operation;
  if (path !== null && typeof path !== 'string')
    throw new ScimError(400, 'invalidPath', 'A path is no text.');
  const op = operation.op.toLowerCase() as PatchOperation['op'];
  if (op === 'remove' && path === null) throw new ScimError(400, 'noTarget', 'A remove has no path.');
  if (op !== 'remove' && value === undefined) {
    throw new ScimError(400, 'invalidValue', 'An operation has no value.');
  }
  return { op, path, value };
}

/** The user after all operations, or none of them (RFC 7644, section 3.5.2). */
export function patchUser(
  user: Json,
  operations: readonly PatchOperation[],
  dialect: Service['dialect'],
): Json {
  const draft: Record<string, unknown> = structuredClone(user) as Record<string, unknown>;
  for (const operation of operations) {
    if (operation.path === null) applyWhole(draft, operation);
    else applyAt(draft, operation, parsePath(operation.path, dialect), dialect);
  }
  return complete(draft);
}

/** Without a path the value holds attributes, an extension as an object of its own. */
function applyWhole(draft: Record<string, unknown>, { op, value }: PatchOperation): void {
  if (!isJson(value))
    throw new ScimError(400, 'invalidValue', 'An operation without a path takes an object.');
  for (const [key, part] of Object.entries(value)) {
    const schema = /^urn:/i.test(key) ? extensionOf(key) : null;
    if (/^urn:/i.test(key)) {
      if (schema === null || !isJson(part))
        throw new ScimError(400, 'invalidPath', 'An extension is unknown.');
      for (const [name, inner] of Object.entries(part)) {
        assign(draft, { schema, attribute: known(schema, name), filter: null, sub: null }, op, inner);
      }
    } else {
      assign(draft, { schema: null, attribute: known(null, key), filter: null, sub: null }, op, part);
    }
  }
}

interface Path {
  readonly schema: string | null;
  readonly attribute: Attribute;
  readonly filter: Test | null;
  readonly sub: Attribute | null;
}

function parsePath(text: string, dialect: Service['dialect']): Path {
  const extension = /^urn:/i.test(text) ? text.slice(0, text.lastIndexOf(':')) : null;
  const schema = extension === null || extension === urns.user ? null : extensionOf(extension);
  if (extension !== null && extension !== urns.user && schema === null) throw unknownPath();
  const own = extension === null ? text : text.slice(extension.length + 1);
  const parts = /^([\w$-]+)(?:\[(.+)\])?(?:\.([\w$-]+))?$/.exec(own);
  if (parts === null) throw unknownPath();
  const [, name = '', filter, sub] = parts;
  const attribute = known(schema, name);
  if (filter !== undefined && (dialect === 'okta' || !attribute.multiValued)) {
    throw new ScimError(400, 'invalidPath', 'Paths with filters are not supported.');
  }
  const subAttribute = sub === undefined ? null : subAttributeOf(attribute, sub);
  if (sub !== undefined && subAttribute === null) throw unknownPath();
  return {
    schema,
    attribute,
    filter: filter === undefined ? null : parseFilter(filter, () => false),
    sub: subAttribute,
  };
}

function applyAt(
  draft: Record<string, unknown>,
  operation: PatchOperation,
  path: Path,
  dialect: Service['dialect'],
): void {
  const value = dialect === 'entra' ? fromWords(path, operation.value) : operation.value;
  if (path.filter !== null) {
    applyFiltered(draft, operation.op, path, path.filter, value, {
      adds: dialect === 'entra',
      path: operation.path ?? '',
    });
  } else {
    assign(draft, path, operation.op, value);
  }
}

/** Entra ID writes booleans as words and the manager as a bare id. */
function fromWords({ attribute, sub }: Path, value: unknown): unknown {
  const type = (sub ?? attribute).type;
  if (type === 'boolean') {
    if (value !== 'True' && value !== 'False') {
      throw new ScimError(400, 'invalidValue', 'A boolean is neither "True" nor "False".');
    }
    return value === 'True';
  }
  return attribute.name === 'manager' && typeof value === 'string' ? { value } : value;
}

function assign(draft: Record<string, unknown>, path: Path, op: PatchOperation['op'], value: unknown): void {
  const { schema, attribute, sub } = path;
  if (attribute.mutability === 'readOnly') {
    throw new ScimError(400, 'mutability', `${attribute.name} is read-only.`);
  }
  // A password is taken and forgotten.
  if (attribute.name === 'password') return;
  const holder = schema === null ? draft : { ...(isJson(draft[schema]) ? draft[schema] : {}) };
  const before = holder[attribute.name];
  const after = sub === null ? assigned(attribute, before, op, value) : withPart(sub, before, op, value);
  if (after === null) delete holder[attribute.name];
  else holder[attribute.name] = after;
  if (schema === null) return;
  if (Object.keys(holder).length === 0) delete draft[schema];
  else draft[schema] = holder;
}

/** What an attribute becomes; null when it has no value any more. */
function assigned(attribute: Attribute, before: unknown, op: PatchOperation['op'], value: unknown): unknown {
  if (op === 'remove') return null;
  if (attribute.multiValued && op === 'add') {
    return joined(before, checkedValue(attribute, Array.isArray(value) ? value : [value]));
  }
  const checked = checkedValue(attribute, value);
  // A complex value replaces only the parts that it holds (RFC 7644, section 3.5.2.3).
  const merges = attribute.type === 'complex' && !attribute.multiValued && isJson(checked) && isJson(before);
  return merges ? { ...before, ...checked } : checked;
}

/** A complex value with one of its parts changed. */
function withPart(part: Attribute, before: unknown, op: PatchOperation['op'], value: unknown): unknown {
  const { [part.name]: _, ...others } = isJson(before) ? before : {};
  const checked = op === 'remove' ? null : checkedValue(part, value);
  const whole = checked === null ? others : { ...others, [part.name]: checked };
  return Object.keys(whole).length === 0 ? null : whole;
}

/** What is there already is not added again (RFC 7644, section 3.5.2.1). */
function joined(before: unknown, added: unknown): unknown {
  const entries: unknown[] = Array.isArray(before) ? [...before] : [];
  for (const entry of Array.isArray(added) ? added : []) {
    const text = JSON.stringify(entry);
    if (!entries.some((one) => JSON.stringify(one) === text)) entries.push(entry);
  }
  return entries.length === 0 ? null : entries;
}

function applyFiltered(
  draft: Record<string, unknown>,
  op: PatchOperation['op'],
  path: Path,
  filter: Test,
  value: unknown,
  dialect: { readonly adds: boolean; readonly path: string },
): void {
  const { attribute, sub } = path;
  const entries = draft[attribute.name];
  const list: readonly unknown[] = Array.isArray(entries) ? entries : [];
  const matched = list.filter((entry) => isJson(entry) && filter(entry));
  if (matched.length === 0) {
    const type = /\[type eq "([^"]+)"\]\.value$/.exec(dialect.path)?.[1];
    if (!dialect.adds || type === undefined || op === 'remove') {
      throw new ScimError(400, 'noTarget', 'The filter of a path matches nothing.');
    }
    draft[attribute.name] = [...list, { type, value }];
    return;
  }
  const after = list.flatMap((entry) => {
    if (!matched.includes(entry) || !isJson(entry)) return [entry];
    if (op === 'remove' && sub === null) return [];
    if (sub === null) return [checkedSingle(attribute, value)];
    const { [sub.name]: _, ...others } = entry;
    return [op === 'remove' ? others : { ...others, [sub.name]: checkedValue(sub, value) }];
  });
  if (after.length === 0) delete draft[attribute.name];
  else draft[attribute.name] = after;
}

function known(schema: string | null, name: string): Attribute {
  const attribute = attributeOf(schema, name);
  if (attribute === null) throw unknownPath();
  return attribute;
}

function unknownPath(): ScimError {
  return new ScimError(400, 'invalidPath', 'The path names no attribute.');
}
