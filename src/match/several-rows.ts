import { type ComparisonRule, fold, sameValue } from '../domain/comparison.ts';
import type { Person, QuarantineCode } from '../domain/person.ts';
import type { FeedSettings, Preference } from '../domain/settings.ts';
import type { Attributes, Value } from '../domain/user.ts';
import { actionsInOrder } from './actions-in-order.ts';
import type { OwnershipRule } from './unique-values.ts';

/** What a feed says of its rows. */
export type FeedRules = Pick<FeedSettings, 'name' | 'columns' | 'onePerson' | 'action'>;

/** What decides between several rows of one person. */
export interface RowRules {
  /** Of each of the job's feeds, by precedence. */
  readonly feeds: readonly FeedRules[];
  readonly match: readonly string[];
  readonly attributes: Readonly<Record<string, OwnershipRule>>;
}

/** A row that lost to another one of the same person, and the rule that told them apart. */
export interface Loser {
  readonly person: Person;
  readonly rule: string;
}

/** What the rows of one person come to: the person, or why none of them is taken. */
export type OneOfSeveral =
  | {
      readonly kind: 'one';
      readonly person: Person;
      /** Which of the rows given is the first of those that the person is made of. */
      readonly first: Person;
      readonly losers: readonly Loser[];
    }
  | NoneOfSeveral;

export interface NoneOfSeveral {
  readonly kind: 'none';
  readonly code: QuarantineCode;
  /** The attribute at fault; null when it is the whole row. */
  readonly attribute: string | null;
  readonly message: string;
}

/**
 * Makes one person of all rows that name one lasting id.
 * @param people one for each row, in the order of the feed
 */
export function oneOfSeveral(people: readonly Person[], rules: RowRules): OneOfSeveral {
  const position = Math.min(...people.map(feedOf));
  const own = people.filter((person) => feedOf(person) === position);
  const feed = rules.feeds[position];
  const one = oneOfFeed(own, feed, rules);
  if (one.kind === 'none' || own.length === people.length) return one;
  const rule = `feed ${feed?.name ?? ''}`;
  const others = people.filter((person) => feedOf(person) !== position);
  return { ...one, losers: [...one.losers, ...others.map((person) => ({ person, rule }))] };
}

function feedOf({ feed = 0 }: Person): number {
  return feed;
}

function oneOfFeed(people: readonly Person[], feed: FeedRules | undefined, rules: RowRules): OneOfSeveral {
  const [only] = people;
  if (only !== undefined && people.length === 1)
    return { kind: 'one', person: only, first: only, losers: [] };
  if (feed?.onePerson?.kind === 'prefer') return preferRow(people, feed.onePerson.rules);
  if (feed?.onePerson?.kind === 'fold') return foldRows(people, rules);
  if (feed?.action?.several === 'inOrder') {
    return actionsInOrder(people, { columns: feed.columns, attributes: rules.attributes });
  }
  return namedTwice;
}

/** Without a rule, nobody can say which row counts. */
export const namedTwice: NoneOfSeveral = {
  kind: 'none',
  code: 'DUPLICATE_PERSON',
  attribute: null,
  message:
    'Another row of the feed has the same lasting id or the same match key. None of them is taken: keep one, or ' +
    'say in feed.onePerson which one counts.',
};

const tie: NoneOfSeveral = {
  kind: 'none',
  code: 'DUPLICATE_PERSON',
  attribute: null,
  message:
    'A tie: the rules of feed.onePerson do not tell the best rows of this person apart, so none is taken. Keep one, ' +
    'or add a rule.',
};

/** The row with the highest rank; none when the highest is shared. */
function preferRow(people: readonly Person[], rules: readonly Preference[]): OneOfSeveral {
  const winner = people.reduce((best, person) => (compareRanks(person, best) > 0 ? person : best));
  const others = people.filter((person) => person !== winner);
  const losers = others.map((person) => ({ person, rule: decidingRule(winner, person, rules) }));
  if (losers.some(({ rule }) => rule === null)) return tie;
  return {
    kind: 'one',
    person: winner,
    first: winner,
    losers: losers.map(({ person, rule }) => ({ person, rule: rule ?? '' })),
  };
}

function compareRanks(left: Person, right: Person): number {
  const length = Math.max(left.rank?.length ?? 0, right.rank?.length ?? 0);
  for (let index = 0; index < length; index += 1) {
    const order = compareElements(left.rank?.[index], right.rank?.[index]);
    if (order !== 0) return order;
  }
  return 0;
}

type RankElement = number | string | null | undefined;

/** What is missing ranks lowest, then numbers, then texts: an order of everything, so that the winner is one for all. */
function compareElements(left: RankElement, right: RankElement): number {
  const one = left ?? null;
  const other = right ?? null;
  if (one === other) return 0;
  if (one === null || other === null) return one === null ? -1 : 1;
  if (typeof one !== typeof other) return typeof one === 'number' ? -1 : 1;
  return one < other ? -1 : 1;
}

/** The first rule by which the two differ, as the job writes it; null when none does. */
function decidingRule(winner: Person, loser: Person, rules: readonly Preference[]): string | null {
  const index = rules.findIndex(
    (_, position) => compareElements(winner.rank?.[position], loser.rank?.[position]) !== 0,
  );
  const rule = rules[index];
  if (rule === undefined) return null;
  return rule.kind === 'is' ? `${rule.column} = ${rule.word}` : `${rule.kind} ${rule.column}`;
}

/** The rows united: their sets are, and everything else has to agree. */
export function foldRows(
  people: readonly Person[],
  rules: Pick<RowRules, 'match' | 'attributes'>,
): OneOfSeveral {
  const [first, ...others] = people;
  if (first === undefined) throw new Error('A person has at least one row.');
  const attributes: Record<string, Value | null> = { ...first.attributes };
  const sets: Sets = new Map();
  for (const person of others) {
    const attribute =
      contradictingKey(first, person, rules.match) ??
      unite(attributes, sets, person.attributes, rules.attributes);
    if (attribute !== null) return contradiction(attribute);
  }
  for (const [name, entries] of sets) attributes[name] = [...entries.values()];
  const person = { ...first, rows: people.flatMap(({ rows }) => rows), attributes };
  return { kind: 'one', person, first, losers: [] };
}

/** By attribute, the entries of a set as the first row spells them, by their folded form. */
type Sets = Map<string, Map<string, string>>;

function contradictingKey(first: Person, person: Person, match: readonly string[]): string | null {
  if (person.matchKey !== first.matchKey) return match[0] ?? null;
  const sameStatus = person.active === first.active && person.onLeave === first.onLeave;
  return sameStatus ? null : 'active';
}

/** Takes in what another row says; gives the attribute of which the two say different things, or null. */
function unite(
  attributes: Record<string, Value | null>,
  sets: Sets,
  said: Attributes,
  rules: Readonly<Record<string, ComparisonRule>>,
): string | null {
  for (const [name, value] of Object.entries(said)) {
    const known = attributes[name] ?? null;
    if (known === null) attributes[name] = value;
    else if (value === null) continue;
    else if (Array.isArray(known) && Array.isArray(value)) {
      const entries = sets.get(name) ?? new Map<string, string>();
      if (!sets.has(name)) addEntries(entries, known, rules[name]);
      addEntries(entries, value, rules[name]);
      sets.set(name, entries);
    } else if (!sameValue(known, value, rules[name])) return name;
  }
  return null;
}

function addEntries(
  entries: Map<string, string>,
  more: readonly string[],
  rule: ComparisonRule | undefined,
): void {
  for (const entry of more) {
    const folded = fold(entry, rule);
    if (!entries.has(folded)) entries.set(folded, entry);
  }
}

function contradiction(attribute: string): NoneOfSeveral {
  return {
    kind: 'none',
    code: 'CONTRADICTING_ROWS',
    attribute,
    message: `Rows of this person say different things of ${attribute}, so none of them is taken: let them agree.`,
  };
}
