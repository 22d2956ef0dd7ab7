import type { FaultAction, FaultRule, Faults, Refusal } from './faults.ts';

/** What rules are matched against. */
export interface FaultSubject {
  readonly method: string;
  readonly path: string;
  /** The vendor's operation; null for a request that is none. */
  readonly op: string | null;
  /** The logins that the request names. */
  readonly users: readonly string[];
}

/** What the rules have in store for one request. */
export interface RequestFaults {
  /** The actions of all rules that the request meets; an earlier rule goes before a later one. */
  readonly action: FaultAction;
  /** The refusal of one item of the request, null when it may pass. Asked once for each item. */
  refusal(login: string): Refusal | null;
}

/** The rules of a faults file, and how often each was met: by requests, or by items where it refuses items. */
export class FaultBook {
  readonly #rules: readonly ArmedRule[];

  constructor(faults: Faults) {
    this.#rules = faults.rules.map((rule, index) => new ArmedRule(rule, (faults.seed ?? 1) + index));
  }

  forRequest(subject: FaultSubject): RequestFaults {
    const met = this.#rules.filter((rule) => rule.meets(subject));
    const actions = met
      .filter((rule) => rule.action.refuse === undefined && rule.concerns(subject.users) && rule.fires())
      .map((rule) => rule.action);
    const refusing = met.filter((rule) => rule.action.refuse !== undefined);
    return {
      action: Object.assign({}, ...actions.reverse()),
      refusal: (login) =>
        refusing.find((rule) => rule.concerns([login]) && rule.fires())?.action.refuse ?? null,
    };
  }
}

class ArmedRule {
  readonly action: FaultAction;
  readonly #rule: FaultRule;
  readonly #path: string | RegExp | null;
  /** Null when the rule is about everybody. */
  readonly #users: UserPatterns | null;
  readonly #random: () => number;
  #met = 0;
  #fired = 0;

  constructor(rule: FaultRule, seed: number) {
    this.action = rule.do;
    this.#rule = rule;
    this.#path = rule.match.path === undefined ? null : pathPattern(rule.match.path);
    this.#users = rule.match.user === undefined ? null : userPatterns(rule.match.user);
    this.#random = seededRandom(seed);
  }

  meets(subject: FaultSubject): boolean {
    const { method, op } = this.#rule.match;
    return (
      (method === undefined || method.toUpperCase() === subject.method) &&
      (op === undefined || op === subject.op) &&
      (this.#path === null || matchesPath(subject.path, this.#path))
    );
  }

  concerns(logins: readonly string[]): boolean {
    const users = this.#users;
    if (users === null) {
      return true;
    }
    return logins.some((login) => {
      const folded = login.toLowerCase();
      return users.exact.has(folded) || users.patterns.some((pattern) => pattern.test(folded));
    });
  }

  /** Counts one more meeting, and says whether the rule acts on it. */
  fires(): boolean {
    const { skip = 0, times = Number.POSITIVE_INFINITY, chance = 1 } = this.#rule;
    this.#met += 1;
    if (this.#met <= skip || this.#fired >= times || this.#random() >= chance) {
      return false;
    }
    this.#fired += 1;
    return true;
  }
}

interface UserPatterns {
  readonly exact: ReadonlySet<string>;
  readonly patterns: readonly RegExp[];
}

function userPatterns(user: string | readonly string[]): UserPatterns {
  const folded = (typeof user === 'string' ? [user] : user).map((login) => login.toLowerCase());
  return {
    exact: new Set(folded.filter((login) => !login.includes('*'))),
    patterns: folded.filter((login) => login.includes('*')).map(globPattern),
  };
}

function pathPattern(path: string): string | RegExp {
  return path.includes('*') ? globPattern(path) : path;
}

function matchesPath(path: string, pattern: string | RegExp): boolean {
  return typeof pattern === 'string' ? path.includes(pattern) : pattern.test(path);
}

function globPattern(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** Numbers from 0 to below 1 that are the same in every run (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
