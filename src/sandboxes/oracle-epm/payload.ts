/** The logins that a payload names, whatever else is wrong with it; '' for an item without one. */
export function loginsOf(json: unknown): readonly string[] {
  const users = property(json, 'users');
  if (!Array.isArray(users)) {
    return [];
  }
  return users.map((item) => text(property(item, 'userlogin')) ?? '');
}

/** The role or group that a payload is about; null when it is about users alone. */
export function subjectOf(json: unknown): string | null {
  return text(property(json, 'rolename')) ?? text(property(json, 'groupname'));
}

/** The login that a list is asked for. */
export function filterOf(json: unknown): readonly string[] {
  const login = text(property(json, 'userlogin'));
  return login === null ? [] : [login];
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
