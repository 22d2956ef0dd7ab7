import { foldedSet } from '../domain/comparison.ts';
import type { Need, Operation, Reason } from '../domain/change.ts';
import type { Person } from '../domain/person.ts';
import type { Account, Attributes, User, Value } from '../domain/user.ts';
import { type Compared, compareAttributes } from './compare-attributes.ts';
import { flappingOf } from './flapping.ts';
import { loginOfOldAccount, rehireAfterRemoval, rehireOfDisabled, reservedLogin } from './identity.ts';
import { sparing } from './spare.ts';
import { stateAsked } from './state-asked.ts';
import {
  type AbsentPerson,
  changed,
  type ComparedPerson,
  type Difference,
  type DiffSettings,
  excluded,
  linkedAccount,
  needOf,
  newsOf,
  unchanged,
} from './difference.ts';
import { disabledNow, leaverNeed, leaverOf, taken } from './take-access.ts';

/** Compares a person of the feed with the user who is the same. */
export function diffPerson(compared: ComparedPerson, settings: DiffSettings): Difference {
  const { person, user } = compared;
  if (settings.bounds.kept.has(person.linkKey)) {
    const asItWas = judgePerson(compared, settings);
    return { ...leftAsIs(compared, settings), ...(asItWas.need === null ? {} : { spared: 'kept' }) };
  }
  const difference = judgePerson(compared, settings);
  if (difference.need === null) return sparing(difference, user, person.linkKey, settings);
  if (user !== null && compared.conflict === null && !settings.bounds.isInScope(user)) {
    return { ...excluded, spared: 'outsideScope' };
  }
  return sparing(difference, user, person.linkKey, settings);
}

function judgePerson(compared: ComparedPerson, settings: DiffSettings): Difference {
  const { person, account, user } = compared;
  const asked = stateAsked(person);
  const takesAccess = asked === 'disable' || asked === 'remove';
  if (person.onLeave === true && settings.policy.onLeave === 'keep' && !takesAccess) {
    return leftAsIs(compared, settings);
  }
  const doubt = settings.inDoubt.has(person.linkKey) ? inDoubt : null;
  const conflict = compared.conflict ?? doubt;
  if (conflict !== null) {
    const operation = takesAccess ? asked : user === null ? 'create' : 'update';
    return changed(needOf(person, user, operation, settings, { conflict }), null);
  }
  if (user === null) return takesAccess ? unchanged : withoutUser(compared, settings);
  const pair: Pair = { person, user, known: account, linked: linkedAccount(account, user, person, settings) };
  if (takesAccess) return takenByDelta(pair, asked, settings);
  if (!person.active || isDisabledForLeave(person, settings)) return leaves(pair, settings);
  return stays(pair, asked, settings);
}

/** A person and the user who is the same. */
interface Pair {
  readonly person: Person;
  readonly user: User;
  /** What the ledger remembers of the user; null when it never saw it. */
  readonly known: Account | null;
  /** The account with its link to the person. */
  readonly linked: Account;
}

/** Somebody who has left, or whose leave of absence takes the access away. */
function leaves({ person, user, known, linked }: Pair, settings: DiffSettings): Difference {
  // Who was never linked is unmanaged: a first run, or a lost ledger, makes nobody a leaver.
  if (known?.linkKey !== person.linkKey) return { ...excluded, account: linked };
  const leaver = { account: linked, user, rows: person.rows, cause: 'status' } as const;
  return person.active
    ? disabledNow({ ...leaver, account: { ...linked, absent: null } }, settings, known)
    : leaverOf(leaver, settings, known);
}

function stays(pair: Pair, asked: Operation | null, settings: DiffSettings): Difference {
  const { user, known, linked } = pair;
  const staying: Account = { ...linked, leaverSince: null, absent: null };
  if (!user.active || lacks(user, staying.disabled?.restore ?? {}, settings)) {
    return asked === 'update' ? updateOfDisabled(pair, settings) : comeBack(pair, staying, settings);
  }
  const { agreed, ...difference } = updateOf(pair, settings);
  const active: Account = { ...staying, ...agreedOf(linked, agreed), disabled: null };
  return { ...difference, account: newsOf(active, known) };
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
  const { bounds } = settings;
  if (!bounds.isInScope(user)) return unchanged;
  const difference = judgeAbsent(absent, settings);
  if (account.linkKey === null || !bounds.kept.has(account.linkKey)) {
    return sparing(difference, user, account.linkKey, settings);
  }
  return difference.need === null ? unchanged : { ...unchanged, spared: 'kept' };
}

function judgeAbsent({ account, user }: AbsentPerson, settings: DiffSettings): Difference {
  const { absence } = settings;
  if (absence === null) return unchanged;
  const witness = account.absent ?? { feedSha256: absence.feedSha256, at: settings.asOf };
  const seen: Account = { ...account, absent: witness };
  const apartMs = Date.parse(settings.asOf) - Date.parse(witness.at);
  const isSecond =
    differs(witness.feedSha256, absence.feedSha256) && apartMs >= settings.policy.witnessesApartMs;
  const confirmed = absence.proven || isSecond;
  if (!confirmed) return { ...unchanged, account: newsOf(seen, account) };
  const leaver = { account: seen, user, rows: [], cause: 'absence' } as const;
  if (settings.inDoubt.has(account.linkKey ?? user.id)) {
    const need: Need = { ...leaverNeed(leaver, 'disable', settings), conflict: inDoubt };
    return changed(need, newsOf(seen, account));
  }
  return leaverOf(leaver, settings, account);
}

/** Whether two witnesses of an absence share no feed: each hash is that of one, or of several joined by commas. */
function differs(witness: string, now: string): boolean {
  const before = new Set(witness.split(','));
  return now.split(',').every((sha256) => !before.has(sha256));
}

const inDoubt: Reason = {
  code: 'IN_DOUBT',
  message: 'An earlier write for this person could not be settled. Look at the target, then run again.',
};

/** Somebody whom the job leaves exactly as they are, an unsettled write or a doubtful match included. */
function leftAsIs({ person, account, user, conflict }: ComparedPerson, settings: DiffSettings): Difference {
  if (user === null || conflict !== null) return excluded;
  const linked = linkedAccount(account, user, person, settings);
  return { ...excluded, account: newsOf({ ...linked, absent: null }, account) };
}

function isDisabledForLeave(person: Person, { policy }: DiffSettings): boolean {
  return person.onLeave === true && policy.onLeave === 'disable';
}

/** What a delta takes it takes at once, and only where the policy names the operation for leavers. */
function takenByDelta(
  { person, user, known, linked }: Pair,
  asked: 'disable' | 'remove',
  settings: DiffSettings,
): Difference {
  if (!settings.policy.leavers.some((rule) => rule.operation === asked)) return excluded;
  if (known?.linkKey !== person.linkKey && settings.unlinked === 'conflict') {
    return changed(needOf(person, user, asked, settings, { conflict: notLinked }), null);
  }
  const leaving: Account = { ...linked, leaverSince: linked.leaverSince ?? settings.asOf };
  const leaver = { account: leaving, user, rows: person.rows, cause: 'feed' } as const;
  return asked === 'disable'
    ? disabledNow(leaver, settings, known)
    : taken(leaver, 'remove', settings, known);
}

const notLinked: Reason = {
  code: 'NOT_LINKED',
  message:
    'This job never linked the user to a person, so it takes nothing from it. Disable or remove it by hand, or say ' +
    '`unlinked: act` under the feed’s `action`.',
};

function withoutUser({ person, lookalike }: ComparedPerson, settings: DiffSettings): Difference {
  if (!person.active || isDisabledForLeave(person, settings)) return unchanged;
  const { actions } = person;
  if (actions === undefined || actions.includes('create'))
    return createOf(person, lookalike ?? null, settings);
  const operation = stateAsked(person) === 'enable' ? 'enable' : 'update';
  return changed(needOf(person, null, operation, settings, { conflict: noSuchUser }), null);
}

const noSuchUser: Reason = {
  code: 'NO_SUCH_USER',
  message:
    'The delta changes somebody who has no user in the target. Give the row the login that the target knows, or ' +
    'let it create the person.',
};

/** An update says nothing of whether somebody works here: what the disable took, roles for instance, stays away. */
function updateOfDisabled({ person, user, known, linked }: Pair, settings: DiffSettings): Difference {
  const restore = linked.disabled?.restore ?? {};
  const attributes = Object.fromEntries(
    Object.entries(person.attributes).filter(([name]) => restore[name] === undefined),
  );
  const { agreed, ...difference } = updateOf(
    { person: { ...person, attributes }, user, known, linked },
    settings,
  );
  return { ...difference, account: newsOf({ ...linked, ...agreedOf(linked, agreed), absent: null }, known) };
}

function comeBack(pair: Pair, account: Account, settings: DiffSettings): Difference {
  const { person, user, known, linked } = pair;
  if (account.disabled === null) {
    const conflict: Reason = {
      code: 'DISABLED_ELSEWHERE',
      message:
        'The account is disabled, but not by this job. Enable it by hand if the person shall work with it, or mark ' +
        'the person as a leaver in the feed.',
    };
    return changed(needOf(person, user, 'enable', settings, { conflict }), newsOf(account, known));
  }
  const hadLeft = linked.leaverSince !== null && !user.active;
  if (hadLeft && settings.policy.rehire === 'hold') {
    // What says that the person had left stays remembered, or tomorrow it would be no rehire any more.
    return changed(needOf(person, user, 'enable', settings, { conflict: rehireOfDisabled }), null);
  }
  if (hadLeft && settings.policy.rehire === 'new') return newAccount(pair, settings);
  const restoring = withRestored(person, account.disabled.restore, settings);
  const compared = compareAttributes(restoring.person, user, linkedBefore(pair), restoring.settings);
  const conflict = compared.conflict ?? reservedLogin(person, compared.after, settings);
  const need = needOf(person, user, 'enable', settings, {
    before: { active: user.active, ...compared.before },
    after: { active: true, ...compared.after },
    conflict,
  });
  const agreed = agreedOf(account, compared.agreed);
  return { ...changed(need, newsOf({ ...account, ...agreed }, known)), drifted: compared.drifted };
}

/**
 * Lets go of the old account, which stays disabled and belongs to nobody from then on. That this job disabled it is
 * forgotten, or whoever gets its login one day would be given the account and its access.
 */
function newAccount({ person, user, linked }: Pair, settings: DiffSettings): Difference {
  const conflict = loginOfOldAccount(person, user, settings);
  if (conflict !== null) return changed(needOf(person, user, 'enable', settings, { conflict }), null);
  const nobodys = { linkKey: null, key: null, disabled: null, leaverSince: null, absent: null };
  const left: Account = { ...linked, ...nobodys };
  const created = createOf(person, null, settings);
  // A plan that creates nobody leaves the old account where it is.
  return created.need?.conflict === null ? { ...created, account: left } : created;
}

/** What the ledger remembers of the user, once it is linked to the person. */
function linkedBefore({ person, known }: Pair): Account | null {
  return known?.linkKey === person.linkKey ? known : null;
}

function agreedOf(account: Account, agreed: Attributes): Pick<Account, 'agreed'> {
  return Object.keys(agreed).length === 0 ? {} : { agreed: { ...account.agreed, ...agreed } };
}

/**
 * The person, wanting back beside all that the feed says what a disable of this job took away. That comes back also
 * where the feed writes a set only once, or only while it is empty, and whatever a drift of it means.
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
    if (column !== undefined) columns.set(name, { ...column, write: 'always', drift: 'feedWins' });
  }
  return { person: { ...person, attributes }, settings: { ...settings, columns: [...columns.values()] } };
}

function createOf(person: Person, lookalike: Reason | null, settings: DiffSettings): Difference {
  if (!settings.policy.create) return excluded;
  const after: Record<string, Value> = {};
  for (const [name, value] of Object.entries(person.attributes)) {
    if (value !== null) after[name] = value;
  }
  const missing = Object.keys(settings.rules).filter(
    (name) => settings.rules[name]?.required === true && after[name] === undefined,
  );
  const incomplete: Reason | null =
    missing.length === 0
      ? null
      : {
          code: 'MISSING_REQUIRED',
          message: `The target needs ${missing.join(', ')} to create a user: fill it.`,
        };
  const conflict =
    lookalike ?? rehireAfterRemoval(person, settings) ?? reservedLogin(person, after, settings) ?? incomplete;
  return changed(needOf(person, null, 'create', settings, { after, conflict }), null);
}

type Update = Difference & Pick<Compared, 'agreed'>;

function updateOf(pair: Pair, settings: DiffSettings): Update {
  const { person, user } = pair;
  const compared = compareAttributes(person, user, linkedBefore(pair), settings);
  const { before, after, agreed, drifted } = compared;
  const found = { agreed, ...(drifted.length === 0 ? {} : { drifted }) };
  if (Object.keys(after).length === 0 && compared.conflict === null) return { ...unchanged, ...found };
  if (!settings.policy.update) return { ...excluded, ...found };
  const flapping = flappingOf(after, linkedBefore(pair), settings);
  const conflict =
    compared.conflict ??
    reservedLogin(person, after, settings) ??
    (flapping.length > 0 && settings.policy.flapping === 'hold' ? heldFlapping(flapping) : null);
  const need = needOf(person, user, 'update', settings, { before, after, conflict });
  return { ...changed(need, null), ...found, ...(flapping.length === 0 ? {} : { flapping }) };
}

function heldFlapping(names: readonly string[]): Reason {
  return {
    code: 'FLAPPING',
    message:
      `Somebody keeps changing back what this job writes to ${names.join(', ')}: another job, or the target itself. ` +
      'Find out who, and let one of them own it (`policy.flapping: hold`).',
  };
}
