import { randomBytes } from 'node:crypto';
import type { SandboxAccount } from '../sandbox.ts';
import { type Directory, type NamedEntity, urnOf } from './directory.ts';
import { systemOrganisation } from './facts.ts';
import { forbidden, type Refused, unauthorised } from './refusal.ts';

/** Somebody who is signed in. */
export interface SandboxSession {
  readonly organisation: NamedEntity;
  readonly user: NamedEntity;
  /** True for a session of an API token, which may look at users and not touch them. */
  readonly readOnly: boolean;
}

/** The sessions that are open, by token. */
export class Sessions {
  readonly #open = new Map<string, SandboxSession>();
  readonly #directory: Directory;
  readonly #account: SandboxAccount;

  constructor(directory: Directory, account: SandboxAccount) {
    this.#directory = directory;
    this.#account = account;
  }

  /** `Basic user@organisation:password`; the provider's form takes the organisation System only, and the other none of it. */
  signIn(
    header: string | undefined,
    isProvider: boolean,
  ): { token: string; session: SandboxSession } | Refused {
    const [scheme = '', credentials = ''] = header?.split(' ') ?? [];
    const pair = scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString('utf8') : '';
    const colon = pair.indexOf(':');
    const login = pair.slice(0, Math.max(colon, 0));
    const at = login.lastIndexOf('@');
    const organisation = this.#directory.organisation(login.slice(at + 1));
    const isRight =
      at > 0 &&
      login.slice(0, at) === this.#account.username &&
      pair.slice(colon + 1) === this.#account.password;
    const isSystem = organisation?.name === systemOrganisation;
    if (!isRight || organisation === null || isSystem !== isProvider) {
      return unauthorised('Invalid credentials.');
    }
    return this.#openFor(organisation, false);
  }

  /** The API token is the account's password. */
  exchange(refreshToken: string | null, organisationName: string): { token: string } | null {
    const organisation = this.#directory.organisation(organisationName);
    if (refreshToken !== this.#account.password || organisation === null) return null;
    return this.#openFor(organisation, true);
  }

  find(header: string | undefined): { token: string; session: SandboxSession } | null {
    const [scheme = '', token = ''] = header?.split(' ') ?? [];
    const session = scheme.toLowerCase() === 'bearer' ? this.#open.get(token) : undefined;
    return session === undefined ? null : { token, session };
  }

  end(token: string): void {
    this.#open.delete(token);
  }

  #openFor(organisation: NamedEntity, readOnly: boolean): { token: string; session: SandboxSession } {
    const { username } = this.#account;
    const known = this.#directory.byName(organisation.name, username);
    const user = { name: username, id: known?.id ?? urnOf('user', `${organisation.name}/${username}`) };
    const session = { organisation, user, readOnly };
    const token = randomBytes(24).toString('base64url');
    this.#open.set(token, session);
    return { token, session };
  }
}

/**
 * The organisation that a request is about: the session's own, or for a System session the one that the header names
 * by its bare UUID; a URN there is answered as 10.2 does.
 */
export function tenantOf(
  session: SandboxSession,
  context: string | undefined,
  directory: Directory,
): NamedEntity | Refused {
  if (context === undefined || context === '') return session.organisation;
  if (!/^[0-9a-f-]{36}$/i.test(context)) return unauthorised('The tenant context is not valid.');
  const asked = directory.organisations().find(({ id }) => id.endsWith(context.toLowerCase()));
  if (asked === undefined) return forbidden('ORG_VIEW');
  const isOwn = asked.id === session.organisation.id;
  return isOwn || session.organisation.name === systemOrganisation ? asked : forbidden('ORG_TRAVERSE');
}
