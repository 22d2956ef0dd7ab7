import { fold, foldedSet, sameValue } from '../domain/comparison.ts';
import type { Need, Operation, Reason } from '../domain/change.ts';
import type { Person, Row } from '../domain/person.ts';
import type { Column, LeaverRule, Policy } from '../domain/settings.ts';
import type { Account, Attributes, User, Value } from '../domain/user.ts';
import { matchesAny } from './wildcard.ts';

/** What the diff has to know of an attribute; the provider's attribute rules have it. */
export interface DiffRule {
  readonly type: 'string' | 'boolean' | 'set';
  readonly caseExact: boolean;
  readonly writable: 'always' | 'onCreate' | 'never';
  readonly required: boolean;
}

export interface DiffSettings {
  readonly policy: Policy;
  readonly columns: readonly Column[];
  readonly rules: Readonly<Record<string, DiffRule>>;
  /** The moment that the run speaks of, ISO 8601: days since somebody left are counted up to it. */
  readonly asOf: string;
  /** What the feed's absences are worth: `null` when nobody's absence means anything. */
  readonly absence: { readonly proven: boolean; readonly feedSha256: string } | null;
  /** What has to be remembered when a user is disabled. */
  readonly remembers: (user: User) => Attributes;
  /** Lasting ids of people with an earlier write that nobody could settle. */
  readonly inDoubt: ReadonlySet<string>;
}

/** What one pair comes to. */
export interface Difference {
  readonly need: Need | null;
  /** The bucket of the person's rows; meaningless for a pair without rows. */
  readonly bucket: 'changed' | 'unchanged' | 'excluded';
  /** The account as it shall be remembered once the feed is accepted; null when nothing new is known. */
  readonly account: Account | null;
}

export interface ComparedPerson {
  readonly person: Person;
  readonly account: Account | null;
  readonly user: User | null;
  readonly conflict: Reason | null;
}

export interface AbsentPerson {
  readonly account: Account;
  readonly user: User;
}

const dayMs = 86_400_000;
const unchanged: Difference = { need: null, bucket: 'unchanged', account: null };
const excluded: Difference = { need: null, bucket: 'excluded', account: null };

/** Compares a person of the feed with the user who is the same. */
export function diffPerson(compared: ComparedPerson, settings: DiffSettings): Difference {
  const { person, account, user } = compared;
  const doubt = settings.inDoubt.has(person.linkKey) ? inDoubt : null;
  const conflict = compared.conflict ?? doubt;
  if (conflict !== null) {
    return changed(needOf(person, user, user === null ? 'create' : 'update', { conflict }), null);
  }
  if (user === null) return person.active ? createOf(person, settings) : unchanged;
  const linked = linkedAccount(account, user, person);
  if (!person.active) {
    // Who was never linked is unmanaged: a first run, or a lost ledger, makes nobody a leaver.
    if (account?.linkKey !== person.linkKey) return { ...excluded, account: linked };
    return leaverOf({ account: linked, user, rows: person.rows, cause: 'status' }, settings, account);
  }
  const staying: Account = { ...linked, leaverSince: null, absent: null };
  if (!user.active || lacks(user, staying.disabled?.restore ?? {}, settings)) {
    return comeBack(person, user, staying, settings, account);
  }
  const active: Account = { ...staying, disabled: null };
  const difference = updateOf(person, user, settings);
  return { ...difference, account: newsOf(active, account) };
}

/** Whether something that a disable of this job took away has not been given back: it, or an enable, stopped half-way. */
function lacks(user: User, restore: Attributes, settings: DiffSettings): boolean {
  return Object.entries(restore).some(([name, value]) => {
    const rule = settings.rules[name];
    if (!Array.isArray(value) || rule === undefined) return false;
    const has = foldedSet(user.attributes[name] ?? [], rule);
    return [...foldedSet(value, rule)].some((entry) => !has.has(entry));
  });
}

/** Judges a linked user whom the feed does not name. */
export function diffAbsent(absent: AbsentPerson, settings: DiffSettings): Difference {
  const { account, user } = absent;
  const { absence } = settings;
  if (absence === null) return unchanged;
  const witness = account.absent ?? { feedSha256: absence.feedSha256, at: settings.asOf };
  const seen: Account = { ...account, absent: witness };
  const confirmed = absence.proven || witness.feedSha256 !== absence.feedSha256;
  if (!confirmed) return { ...unchanged, account: newsOf(seen, account) };
  if (account.linkKey !== null && settings.inDoubt.has(account.linkKey)) {
    const need: Need = {
      ...leaverNeed({ account, user, rows: [], cause: 'absence' }, 'disable'),
      conflict: inDoubt,
    };
    return { need, bucket: 'changed', account: newsOf(seen, account) };
  }
  return leaverOf({ account: seen, user, rows: [], cause: 'absence' }, settings, account);
}

const inDoubt: Reason = {
  code: 'IN_DOUBT',
  message: 'An earlier write for this person could not be settled. Look at the target, then run again.',
};

interface Leaver {
  readonly account: Account;
  readonly user: User;
  readonly rows: readonly Row[];
  readonly cause: 'status' | 'absence';
}

function leaverOf(leaver: Leaver, settings: DiffSettings, known: Account | null): Difference {
  const { leavers } = settings.policy;
  if (leavers.length === 0) return { ...excluded, account: newsOf(leaver.account, known) };
  const account: Account = { ...leaver.account, leaverSince: leaver.account.leaverSince ?? settings.asOf };
  const news = newsOf(account, known);
  const due = dueRule(leavers, account.leaverSince ?? settings.asOf, settings.asOf, leaver.user);
  if (due === null) return { ...unchanged, account: news };
  const need = leaverNeed({ ...leaver, account }, due.operation);
  const remember = due.operation === 'disable' ? rememberedOf(leaver, settings) : null;
  return { need: { ...need, remember }, bucket: 'changed', account: news };
}

/** The furthest rule whose day has come and that still has something to do. */
function dueRule(rules: readonly LeaverRule[], since: string, asOf: string, user: User): LeaverRule | null {
  const days = Math.floor((Date.parse(asOf) - Date.parse(since)) / dayMs);
  const due = rules.filter((rule) => rule.afterDays <= days);
  const remove = due.find((rule) => rule.operation === 'remove');
  if (remove !== undefined) return remove;
  const disable = due.find((rule) => rule.operation === 'disable');
  return disable !== undefined && user.active ? disable : null;
}

/** A disable that stopped half-way took some roles already: what it remembered then is not forgotten now. */
function rememberedOf(leaver: Leaver, settings: DiffSettings): Attributes {
  const now = settings.remembers(leaver.user);
  const before = leaver.account.disabled?.restore ?? {};
  const merged: Record<string, Value | null> = { ...before, ...now };
  for (const [name, value] of Object.entries(now)) {
    const earlier = before[name];
    if (Array.isArray(value) && Array.isArray(earlier))
      merged[name] = [...new Set([...earlier, ...value])].sort();
  }
  return merged;
}

function leaverNeed(leaver: Leaver, operation: 'disable' | 'remove'): Need {
  const { account, user, rows, cause } = leaver;
  return {
    operation,
    key: account.key ?? user.id,
    linkKey: account.linkKey ?? user.id,
    userId: user.id,
    user,
    rows,
    cause,
    before: operation === 'disable' ? { active: true } : user.attributes,
    after: operation === 'disable' ? { active: false } : {},
    remember: null,
    conflict: null,
  };
}

function comeBack(
  person: Person,
  user: User,
  account: Account,
  settings: DiffSettings,
  known: Account | null,
): Difference {
  const news = newsOf(account, known);
  if (account.disabled === null) {
    const conflict: Reason = {
      code: 'DISABLED_ELSEWHERE',
      message:
        'The account is disabled, but not by this job. Enable it by hand if the person shall work with it, or mark ' +
        'the person as a leaver in the feed.',
    };
    return changed(needOf(person, user, 'enable', { conflict }), news);
  }
  const restoring = withRestored(person, account.disabled.restore, settings);
  const { before, after, conflict } = compareAttributes(restoring.person, user, restoring.settings);
  const need = needOf(person, user, 'enable', {
    before: { active: user.active, ...before },
    after: { active: true, ...after },
    conflict,
  });
  return changed(need, news);
}

/**
 * The person, wanting back beside all that the feed says what a disable of this job took away. That comes back also
 * where the feed writes a set only once, or only while it is empty.
 */
function withRestored(
  person: Person,
  restore: Attributes,
  settings: DiffSettings,
): { readonly person: Person; readonly settings: DiffSettings } {
  const attributes: Record<string, Value | null> = { ...person.attributes };
  const columns = new Map(settings.columns.map((column) => [column.attribute, column]));
  for (const [name, value] of Object.entries(restore)) {
    if (settings.rules[name]?.type !== 'set' || !Array.isArray(value) || value.length === 0) continue;
    const column = columns.get(name);
    const wanted = column === undefined || column.write === 'always' ? attributes[name] : null;
    attributes[name] = [...new Set([...value, ...(Array.isArray(wanted) ? wanted : [])])].sort();
    if (column !== undefined) columns.set(name, { ...column, write: 'always' });
  }
  return { person: { ...person, attributes }, settings: { ...settings, columns: [...columns.values()] } };
}

function createOf(person: Person, settings: DiffSettings): Difference {
  if (!settings.policy.create) return excluded;
  const after: Record<string, Value> = {};
  for (const [name, value] of Object.entries(person.attributes)) {
    if (value !== null) after[name] = value;
  }
  const missing = Object.keys(settings.rules).filter(
    (name) => settings.rules[name]?.required === true && after[name] === undefined,
  );
  const conflict: Reason | null =
    missing.length === 0
      ? null
      : {
          code: 'MISSING_REQUIRED',
          message: `The target needs ${missing.join(', ')} to create a user: fill it.`,
        };
  return changed(needOf(person, null, 'create', { after, conflict }), null);
}

function updateOf(person: Person, user: User, settings: DiffSettings): Difference {
  const { before, after, conflict } = compareAttributes(person, user, settings);
  if (Object.keys(after).length === 0 && conflict === null) return unchanged;
  if (!settings.policy.update) return excluded;
  return changed(needOf(person, user, 'update', { before, after, conflict }), null);
}

interface Compared {
  readonly before: Attributes;
  readonly after: Attributes;
  readonly conflict: Reason | null;
}

/** Attribute by attribute, over the mapped attributes only, as the target compares them. */
function compareAttributes(person: Person, user: User, settings: DiffSettings): Compared {
  const before: Record<string, Value | null> = {};
  const after: Record<string, Value | null> = {};
  let conflict: Reason | null = null;
  const columns = new Map(settings.columns.map((column) => [column.attribute, column]));
  for (const [name, wanted] of Object.entries(person.attributes)) {
    const rule = settings.rules[name];
    const { write = 'always', owned = [] } = columns.get(name) ?? {};
    if (rule === undefined || write === 'onCreate') continue;
    const current = user.attributes[name] ?? null;
    if (write === 'ifEmpty' && !sameValue(current, null, rule)) continue;
    const next = rule.type === 'set' ? nextSet(current, wanted, owned, rule) : wanted;
    if (sameValue(current, next, rule)) continue;
    if (rule.writable !== 'always') {
      conflict = {
        code: 'NOT_WRITABLE',
        message: `The target never changes ${name} of an existing user: change it there by hand, or undo it in the feed.`,
      };
    }
    before[name] = current;
    after[name] = next;
  }
  return { before, after, conflict };
}

/** Sets only grow, but for the entries that the job owns and no longer wants. */
function nextSet(
  current: Value | null,
  wanted: Value | null,
  owned: readonly string[],
  rule: DiffRule,
): Value {
  const has = Array.isArray(current) ? (current as readonly string[]) : [];
  const wants = Array.isArray(wanted) ? (wanted as readonly string[]) : [];
  const wantedFolded = foldedSet(wants, rule);
  const owns = owned.map((pattern) => fold(pattern, rule));
  const kept = has.filter((entry) => {
    const folded = fold(entry, rule);
    return wantedFolded.has(folded) || !matchesAny(folded, owns);
  });
  const known = new Set(foldedSet(has, rule));
  const added = [...wants].sort().filter((entry) => {
    const folded = fold(entry, rule);
    if (known.has(folded)) return false;
    known.add(folded);
    return true;
  });
  return [...kept, ...added].sort();
}

function needOf(person: Person, user: User | null, operation: Operation, more: Partial<Compared>): Need {
  return {
    operation,
    key: person.key,
    linkKey: person.linkKey,
    userId: user?.id ?? null,
    user,
    rows: person.rows,
    cause: 'feed',
    before: more.before ?? {},
    after: more.after ?? {},
    remember: null,
    conflict: more.conflict ?? null,
  };
}

function changed(need: Need, account: Account | null): Difference {
  return { need, bucket: 'changed', account };
}

function linkedAccount(account: Account | null, user: User, person: Person): Account {
  return {
    ...(account ?? { disabled: null, leaverSince: null, absent: null }),
    id: user.id,
    active: user.active,
    attributes: user.attributes,
    linkKey: person.linkKey,
    key: person.key,
  };
}

/** The account when it differs from what the ledger knows, apart from values that any read brings anew. */
function newsOf(account: Account, known: Account | null): Account | null {
  if (known === null) return account;
  const same =
    known.linkKey === account.linkKey &&
    known.key === account.key &&
    known.leaverSince === account.leaverSince &&
    known.absent?.feedSha256 === account.absent?.feedSha256 &&
    (known.disabled === null) === (account.disabled === null);
  return same ? null : account;
}
