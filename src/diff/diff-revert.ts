import type { Undo } from '../contracts/provider.ts';
import type { Change, Need, Operation, Reason } from '../domain/change.ts';
import { fold, foldedSet, identicalValue, sameValue } from '../domain/comparison.ts';
import type { Account, Attributes, User, Value } from '../domain/user.ts';
import { changed, type Difference, type DiffRule, type DiffSettings, excluded } from './difference.ts';
import { sparing } from './spare.ts';

/** A change that a run carried out, wholly or in part, beside the user as it is now. */
export interface CarriedOut {
  readonly change: Change;
  /** The user as the run left it, by the steps that succeeded. */
  readonly left: User;
  /** Null for a user whom the target no longer has. */
  readonly now: User | null;
  /** What the ledger remembers of the user; null when it has forgotten it. */
  readonly account: Account | null;
  /** Whether a step of the change has no outcome that anybody knows. */
  readonly isOpen: boolean;
  /** Whether the account was there already when the run was to create it. */
  readonly wasLinked: boolean;
}

export interface RevertSettings
  extends Pick<DiffSettings, 'policy' | 'rules' | 'remembers' | 'inDoubt' | 'bounds'> {
  readonly operations: readonly Operation[];
  readonly undo: Readonly<Partial<Record<Operation, Undo>>>;
  /** Lasting ids of people who were disabled by key. */
  readonly bars: ReadonlySet<string>;
  /** Whether users whom the run created are removed, where the policy removes anybody. */
  readonly removeCreated: boolean;
  /** Whether users whom the run removed are created anew. */
  readonly recreate: boolean;
}

/**
 * What makes a user as it was before a run, attribute by attribute: only what the run changed, and only where the
 * target still has what the run left there. What somebody changed since is a conflict beside it, and stays.
 */
export function diffRevert(carriedOut: CarriedOut, settings: RevertSettings): readonly Difference[] {
  const { change, now, account, isOpen } = carriedOut;
  const { linkKey } = change;
  if (settings.bounds.kept.has(linkKey)) return [{ ...excluded, spared: 'kept' }];
  if (now !== null && !settings.bounds.isInScope(now)) return [{ ...excluded, spared: 'outsideScope' }];
  if (isOpen || settings.inDoubt.has(linkKey)) return [conflictOf(carriedOut, inDoubt)];
  if (account !== null && account.linkKey !== linkKey) return [conflictOf(carriedOut, linkedElsewhere)];
  return judge(carriedOut, settings).map((difference) => sparing(difference, now, linkKey, settings));
}

function judge(carriedOut: CarriedOut, settings: RevertSettings): readonly Difference[] {
  switch (carriedOut.change.operation) {
    case 'create':
      return uncreate(carriedOut, settings);
    case 'remove':
      return unremove(carriedOut, settings);
    default:
      return restore(carriedOut, settings);
  }
}

/** Whoever the run created gets what leavers get. */
function uncreate(carriedOut: CarriedOut, settings: RevertSettings): readonly Difference[] {
  const { now, left, wasLinked } = carriedOut;
  if (now === null) return [];
  if (wasLinked)
    return [conflictOf(carriedOut, cannotUndo('the account was there before, and nobody knows as what'))];
  const forLeavers = settings.policy.leavers.map(({ operation }) => operation);
  const may = (operation: 'disable' | 'remove'): boolean => settings.operations.includes(operation);
  if (settings.removeCreated) {
    if (!may('remove') || !forLeavers.includes('remove')) {
      return [conflictOf(carriedOut, cannotUndo('`policy.leavers` removes nobody'))];
    }
    const touched = touchedSince(left, now, settings.rules);
    if (touched.length > 0) return [conflictOf(carriedOut, changedSince(touched))];
    return [changed({ ...needOf(carriedOut, 'remove'), before: now.attributes }, null)];
  }
  if (!may('disable') || forLeavers.length === 0) {
    return [conflictOf(carriedOut, cannotUndo('`policy.leavers` disables nobody'))];
  }
  return now.active ? [disabled(carriedOut, now, {}, settings)] : [];
}

function unremove(carriedOut: CarriedOut, settings: RevertSettings): readonly Difference[] {
  const { change, now } = carriedOut;
  if (now !== null) {
    if (now.active || change.user?.active !== true) return [];
    return restore({ ...carriedOut, left: { ...now, attributes: change.user.attributes } }, settings);
  }
  if (!settings.recreate) {
    return [conflictOf(carriedOut, cannotUndo(settings.undo.remove?.lost ?? 'the user is gone'))];
  }
  const after = creatable(change.user?.attributes ?? {}, settings.rules);
  const missing = Object.keys(settings.rules).filter(
    (name) => settings.rules[name]?.required === true && after[name] === undefined,
  );
  const conflict: Reason | null =
    missing.length === 0
      ? null
      : cannotUndo(`a new user needs ${missing.join(', ')}, which nobody knows any more`);
  return [
    changed({ ...needOf(carriedOut, 'create'), userId: null, user: null, before: {}, after, conflict }, null),
  ];
}

/** What a new user may be given of what the old one had. */
function creatable(attributes: Attributes, rules: RevertSettings['rules']): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([name, value]) => {
      const rule = rules[name];
      return rule !== undefined && rule.writable !== 'never' && !sameValue(value, null, rule);
    }),
  );
}

/** A user who was there before and is there still. */
function restore(carriedOut: CarriedOut, settings: RevertSettings): readonly Difference[] {
  const { change, left, now } = carriedOut;
  const was = change.user;
  if (now === null || was === null) return [conflictOf(carriedOut, gone)];
  // Roles given back to somebody who has been disabled since would be access given back.
  if (was.active && left.active && !now.active) return [conflictOf(carriedOut, changedSince(['active']))];
  const found = compareBack(was, left, now, settings);
  // Where being active is but having roles, an update that gives or takes them is undone by an update.
  const isSwitched = change.operation !== 'update' && was.active !== left.active && now.active !== was.active;
  const main = isSwitched ? switchedBack(carriedOut, now, found, settings) : updated(carriedOut, found);
  const operation = main?.need?.operation ?? 'update';
  const conflicts: Difference[] = [];
  const note = (names: readonly string[], reason: Reason): void => {
    if (names.length === 0) return;
    const before = Object.fromEntries(names.map((name) => [name, now.attributes[name] ?? null]));
    const after = Object.fromEntries(names.map((name) => [name, was.attributes[name] ?? null]));
    conflicts.push(changed({ ...needOf(carriedOut, operation), before, after, conflict: reason }, null));
  };
  note(found.touched, changedSince(found.touched));
  note(found.unwritable, cannotUndo(`the target never changes ${found.unwritable.join(', ')}`));
  note(found.unknown, cannotUndo(`nobody knows what ${found.unknown.join(', ')} was`));
  return main === null ? conflicts : [main, ...conflicts];
}

/** What the run changed, by what can become of it. */
interface Back {
  readonly before: Attributes;
  readonly after: Attributes;
  readonly touched: readonly string[];
  readonly unwritable: readonly string[];
  readonly unknown: readonly string[];
}

function compareBack(was: User, left: User, now: User, { rules, undo }: RevertSettings): Back {
  const before: Record<string, Value | null> = {};
  const after: Record<string, Value | null> = {};
  const touched: string[] = [];
  const unwritable: string[] = [];
  const unknown: string[] = [];
  const names = new Set([...Object.keys(was.attributes), ...Object.keys(left.attributes)]);
  for (const name of [...names].sort()) {
    const rule = rules[name];
    if (rule === undefined) continue;
    const valueIn = ({ attributes }: User): Value | null => attributes[name] ?? null;
    const back = valueBack({ was: valueIn(was), left: valueIn(left), now: valueIn(now) }, rule);
    if (back === undefined) continue;
    // A target that does not show everything leaves out what it does not show.
    const isUnknown = undo.update?.extent !== 'full' && was.attributes[name] === undefined;
    if (back === 'touched') touched.push(name);
    else if (isUnknown) unknown.push(name);
    else if (rule.writable !== 'always') unwritable.push(name);
    else {
      before[name] = valueIn(now);
      after[name] = back.value;
    }
  }
  return { before, after, touched, unwritable, unknown };
}

type ThreeValues = Readonly<Record<'was' | 'left' | 'now', Value | null>>;

/** Undefined where the run changed nothing, or where it is as it was already. */
function valueBack(
  values: ThreeValues,
  rule: DiffRule,
): 'touched' | { readonly value: Value | null } | undefined {
  const { was, left, now } = values;
  if (identicalValue(was, left)) return undefined;
  if (rule.type === 'set') {
    const value = setBack(values, rule);
    return sameValue(value, now, rule) ? undefined : { value };
  }
  if (identicalValue(now, was)) return undefined;
  return sameValue(now, left, rule) ? { value: was } : 'touched';
}

/** Gives back what the run took and takes what it gave; what others gave or took since stays as they left it. */
function setBack({ was, left, now }: ThreeValues, rule: DiffRule): readonly string[] {
  const minus = (ones: readonly string[], others: readonly string[]): readonly string[] => {
    const held = foldedSet(others, rule);
    return ones.filter((entry) => !held.has(fold(entry, rule)));
  };
  const given = minus(entriesOf(left), entriesOf(was));
  const taken = minus(entriesOf(was), entriesOf(left));
  const kept = minus(entriesOf(now), given);
  return [...kept, ...minus(taken, kept)].sort();
}

function updated(carriedOut: CarriedOut, { before, after }: Back): Difference | null {
  if (Object.keys(after).length === 0) return null;
  return changed({ ...needOf(carriedOut, 'update'), before, after }, null);
}

function switchedBack(carriedOut: CarriedOut, now: User, found: Back, settings: RevertSettings): Difference {
  const { change, left } = carriedOut;
  if (change.user?.active === true) return enabled(carriedOut, now, found, settings);
  const remembered = Object.keys(settings.remembers(now));
  const more = remembered.filter((name) => hasMore(now, left, name, settings.rules[name]));
  if (more.length > 0) return conflictOf(carriedOut, changedSince(more));
  const own = (attributes: Attributes): Attributes =>
    Object.fromEntries(Object.entries(attributes).filter(([name]) => !remembered.includes(name)));
  return disabled(carriedOut, now, { before: own(found.before), after: own(found.after) }, settings);
}

function enabled(
  carriedOut: CarriedOut,
  now: User,
  { before, after }: Pick<Back, 'before' | 'after'>,
  settings: RevertSettings,
): Difference {
  if (settings.bars.has(carriedOut.change.linkKey)) return conflictOf(carriedOut, barred);
  if (!settings.operations.includes('enable')) {
    return conflictOf(carriedOut, cannotUndo('the target has no call that enables a user'));
  }
  const need = needOf(carriedOut, 'enable');
  return changed(
    { ...need, before: { active: now.active, ...before }, after: { active: true, ...after } },
    null,
  );
}

function disabled(
  carriedOut: CarriedOut,
  now: User,
  { before = {}, after = {} }: Partial<Pick<Back, 'before' | 'after'>>,
  settings: RevertSettings,
): Difference {
  return changed(
    {
      ...needOf(carriedOut, 'disable'),
      before: { ...before, active: true },
      after: { ...after, active: false },
      remember: settings.remembers(now),
    },
    null,
  );
}

/** Whether a user was given more since, which a disable would take along. */
function hasMore(now: User, left: User, name: string, rule: DiffRule | undefined): boolean {
  const before = foldedSet(left.attributes[name] ?? [], rule);
  return [...foldedSet(now.attributes[name] ?? [], rule)].some((entry) => !before.has(entry));
}

function touchedSince(left: User, now: User, rules: RevertSettings['rules']): readonly string[] {
  return Object.keys(left.attributes).filter(
    (name) =>
      rules[name] !== undefined && !sameValue(left.attributes[name], now.attributes[name], rules[name]),
  );
}

function needOf({ change, now }: CarriedOut, operation: Operation): Need {
  const { key, linkKey, feed } = change;
  return {
    operation,
    key,
    linkKey,
    userId: now?.id ?? change.userId,
    user: now,
    rows: [],
    cause: 'revert',
    ...(feed === undefined ? {} : { feed }),
    before: {},
    after: {},
    remember: null,
    conflict: null,
  };
}

/** The operation that undoes another one, as far as the change is in conflict before that is known. */
const opposite: Readonly<Record<Operation, Operation>> = {
  create: 'disable',
  update: 'update',
  enable: 'disable',
  disable: 'enable',
  remove: 'create',
};

function conflictOf(carriedOut: CarriedOut, conflict: Reason): Difference {
  const { change } = carriedOut;
  return changed({ ...needOf(carriedOut, opposite[change.operation]), conflict }, null);
}

function entriesOf(value: Value | null | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

function changedSince(names: readonly string[]): Reason {
  return {
    code: 'CHANGED_SINCE',
    message: `Somebody changed ${names.join(', ')} since the run, so it stays. Change it in the target itself if it shall be as before.`,
  };
}

function cannotUndo(why: string): Reason {
  return { code: 'CANNOT_UNDO', message: `This cannot be undone: ${why}.` };
}

const gone: Reason = {
  code: 'CHANGED_SINCE',
  message: 'The target no longer has this user, so nothing of it can be made as it was.',
};

const linkedElsewhere: Reason = {
  code: 'CHANGED_SINCE',
  message: 'The user is linked to another person since the run, and is left alone.',
};

const barred: Reason = {
  code: 'CANNOT_UNDO',
  message: 'Somebody disabled this person by key. Lift that first: rollcall apply JOB --release KEY',
};

const inDoubt: Reason = {
  code: 'IN_DOUBT',
  message: 'A write for this person could not be settled. Run apply first: it looks up what is in doubt.',
};
