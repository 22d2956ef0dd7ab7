import { redactor, wordsOf } from '../../domain/redaction.ts';
import { unreadable } from './answers.ts';
import { Catalogue, type Kind } from './catalogue.ts';
import { authenticatorsOf, type Config } from './config.ts';
import { isSameKey, type UserKey } from './key.ts';
import { searchBytesMax, searchTimeoutMs } from './limits.ts';
import { readList } from './list.ts';
import { type Criteria, searchCall } from './requests.ts';
import type { Session } from './session.ts';
import type { Named, WireUser } from './wire.ts';

/** Reads users, all by the one call that searches. Every answer is filtered again by what was meant. */
export class Search {
  readonly #config: Config;
  readonly #session: Session;
  readonly #catalogue: Catalogue;
  /** Searches for somebody who holds a role or a privilege, one for each name. */
  readonly #asked = new Map<string, Promise<void>>();

  constructor(config: Config, session: Session) {
    this.#config = config;
    this.#session = session;
    this.#catalogue = new Catalogue(config);
  }

  /** All users of this job, one organisation after the other, in pieces as they arrive. */
  async *list(): AsyncGenerator<readonly WireUser[]> {
    const slices = this.#config.orgIds.length === 0 ? [null] : this.#config.orgIds;
    for (const slice of slices) {
      yield* this.#search(slice === null ? {} : { orgId: slice }, [], (wire) => {
        // An organisation's search may show those below it; they belong to another slice, or to nobody here.
        return slice === null || wire.orgId == null || wire.orgId === slice;
      });
    }
  }

  /** The one user of this key; null when none is shown. A search may find names that only contain this one. */
  async find(key: UserKey): Promise<WireUser | null> {
    const { orgIds } = this.#config;
    const criteria = { username: key.username };
    const isMeant = (wire: WireUser): boolean =>
      isSameKey(wire.userKey, key) &&
      (orgIds.length === 0 || wire.orgId == null || orgIds.includes(wire.orgId));
    const found: WireUser[] = [];
    for await (const wires of this.#search(criteria, [key.username], isMeant)) found.push(...wires);
    if (found.length > 1) throw unreadable(searchCall(criteria, this.#config), 'it shows one user twice');
    return found[0] ?? null;
  }

  /** The roles or privileges of these names in full, or the first name that nobody knows. */
  async definitions(
    kind: Kind,
    names: readonly string[],
  ): Promise<readonly Named[] | { readonly unknown: string }> {
    const entries: Named[] = [];
    for (const name of names) {
      if (this.#catalogue.find(kind, name) === null) await this.#askFor(kind, name);
      const entry = this.#catalogue.find(kind, name);
      if (entry === null) return { unknown: name };
      entries.push(entry);
    }
    return entries;
  }

  /** Searches for somebody who holds it; the catalogue learns from whom the answer shows. */
  #askFor(kind: Kind, name: string): Promise<void> {
    const about = `${kind} ${name}`;
    const known = this.#asked.get(about);
    if (known !== undefined) return known;
    const asking = this.#exhaust(kind === 'roles' ? { roles: [name] } : { privileges: [name] });
    this.#asked.set(about, asking);
    // A search that failed says nothing about the name: the next item asks anew.
    asking.catch(() => this.#asked.delete(about));
    return asking;
  }

  async #exhaust(criteria: Criteria): Promise<void> {
    const pieces = this.#search(criteria, [], () => false);
    while ((await pieces.next()).done !== true);
  }

  async *#search(
    criteria: Criteria,
    personal: readonly string[],
    isMeant: (wire: WireUser) => boolean,
  ): AsyncGenerator<readonly WireUser[]> {
    const call = searchCall(criteria, this.#config);
    // A read although it is a POST: it changes nothing, so core may repeat it.
    const room = { safe: true, answerBytesMax: searchBytesMax, timeoutMs: searchTimeoutMs };
    const answer = await this.#session.request({ ...call, ...room });
    const redact = redactor(wordsOf(personal), this.#session.secrets());
    const authenticators = authenticatorsOf(this.#config);
    const usersMax = this.#config.answerUsersMax ?? null;
    for await (const wires of readList({ answer, call, redact, usersMax })) {
      for (const wire of wires) this.#catalogue.learn(wire);
      const meant = wires.filter(
        (wire) => authenticators.includes(wire.userKey.authenticator) && isMeant(wire),
      );
      if (meant.length > 0) yield meant;
    }
  }
}
