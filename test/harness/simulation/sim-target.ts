import { isDeepStrictEqual } from 'node:util';

// A target in memory, written without the program's code. What it does is in its journal; faults are the network's.

/** A user as the target keeps it. */
export interface SimUser {
  readonly id: string;
  readonly active: boolean;
  readonly externalId: string;
  readonly userName: string;
  readonly title: string;
  readonly roles: readonly string[];
}

/**
 * What tells whether a write in doubt took effect.
 * - `truthful`: a look-up does; the target would take a second user of the same name without a word
 * - `createOnly`: a look-up does, but not for creates: those are refused when the user exists
 * - `blind`: nothing does
 */
export type Knowing = 'truthful' | 'createOnly' | 'blind';

export interface WriteItem {
  readonly id: string | null;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface WriteRequest {
  readonly action: string;
  readonly subject: string;
  readonly items: readonly WriteItem[];
}

export interface ItemAnswer {
  readonly code: 'ok' | 'exists' | 'refused' | 'gone';
  readonly id: string | null;
}

/** One item of a request that arrived. */
export interface JournalLine {
  readonly seq: number;
  /** Day of the simulation and number of its run, so that a run's lines can be told. */
  readonly run: number;
  readonly op: string;
  readonly subject: string;
  /** Lasting id of the person. */
  readonly key: string;
  readonly status: ItemAnswer['code'];
  readonly before: SimUser | null;
  readonly after: SimUser | null;
}

export class SimTarget {
  readonly users = new Map<string, SimUser>();
  readonly journal: JournalLine[] = [];
  readonly knowing: Knowing;
  /** Lasting ids whose records the target does not take. */
  readonly poison: ReadonlySet<string>;
  /** Number of the run that is under way. */
  run = 0;
  #ids = 0;

  constructor(knowing: Knowing, poison: ReadonlySet<string>) {
    this.knowing = knowing;
    this.poison = poison;
  }

  /** Somebody who was there before any run. */
  seed(user: Omit<SimUser, 'id'>): void {
    const id = this.#freshId(user.userName);
    this.users.set(id, { ...user, id });
  }

  take({ action, subject, items }: WriteRequest): readonly ItemAnswer[] {
    return items.map((item) => this.#takeItem(action, subject, item));
  }

  hasPoison({ items }: WriteRequest): boolean {
    return items.some((item) => this.poison.has(this.#keyOf(item)));
  }

  #takeItem(action: string, subject: string, item: WriteItem): ItemAnswer {
    const before = item.id === null ? null : (this.users.get(item.id) ?? null);
    const note = (status: ItemAnswer['code'], after: SimUser | null, id: string | null): ItemAnswer => {
      const key = this.#keyOf(item);
      this.journal.push({
        seq: this.journal.length + 1,
        run: this.run,
        op: action,
        subject,
        key,
        status,
        before,
        after,
      });
      return { code: status, id };
    };
    if (this.poison.has(this.#keyOf(item))) return note('refused', before, null);
    if (action === 'create') {
      const id = this.#freshId(String(item.values.userName));
      if (this.users.has(id)) return note('exists', this.users.get(id) ?? null, null);
      const after = change({ ...nobody, id }, item.values);
      this.users.set(id, after);
      return note('ok', after, id);
    }
    if (before === null) return note('gone', null, null);
    if (action === 'remove') {
      this.users.delete(before.id);
      return note('ok', null, before.id);
    }
    const after = apply(before, action, subject, item.values);
    this.users.set(before.id, after);
    return note('ok', after, before.id);
  }

  #keyOf({ id, values }: WriteItem): string {
    const user = id === null ? undefined : this.users.get(id);
    return user?.externalId ?? String(values.externalId ?? id ?? '');
  }

  #freshId(userName: string): string {
    if (this.knowing === 'createOnly') return userName.toLowerCase();
    this.#ids += 1;
    return `u${this.#ids}`;
  }
}

const nobody: SimUser = { id: '', active: true, externalId: '', userName: '', title: '', roles: [] };

function apply(
  user: SimUser,
  action: string,
  subject: string,
  values: Readonly<Record<string, unknown>>,
): SimUser {
  switch (action) {
    case 'give':
      return { ...user, roles: [...new Set([...user.roles, subject])].sort() };
    case 'take':
      return { ...user, roles: user.roles.filter((role) => role !== subject) };
    case 'disable':
      return { ...user, active: false };
    case 'enable':
      return change({ ...user, active: true }, values);
    default:
      return change(user, values);
  }
}

function change(user: SimUser, values: Readonly<Record<string, unknown>>): SimUser {
  const { externalId = user.externalId, userName = user.userName, title = user.title } = values;
  return {
    ...user,
    externalId: String(externalId ?? ''),
    userName: String(userName ?? ''),
    title: String(title ?? ''),
  };
}

/** Writes that were taken a second time although the first had taken effect: they changed nothing, or doubled a user. */
export function doubledWrites(journal: readonly JournalLine[]): readonly string[] {
  const doubled: string[] = [];
  const created = new Set<string>();
  for (const { op, subject, key, status, before, after } of journal) {
    if (status !== 'ok') continue;
    if (op === 'create' && created.has(key)) doubled.push(`${key} was created twice`);
    if (op === 'create') created.add(key);
    if (op === 'remove') created.delete(key);
    else if (before !== null && isDeepStrictEqual(before, after))
      doubled.push(`${op} ${subject} of ${key} was taken twice`);
  }
  return doubled;
}
