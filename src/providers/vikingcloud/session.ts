import type { HttpAnswer, HttpRequest, Tools } from '../../contracts/provider.ts';
import { TargetFailure } from '../../domain/failure.ts';
import { type Identity, signIn } from './auth.ts';
import type { Config } from './config.ts';

/** Signed in: requests carry the credentials, which are renewed as needed. */
export interface Session {
  readonly username: string | null;
  /** What no message may show, of all credentials used so far. */
  secrets(): readonly string[];
  request(request: HttpRequest): Promise<HttpAnswer>;
}

/** Signs in before anything else is sent, so that wrong credentials end the run with nothing written. */
export async function openSession(config: Config, tools: Tools): Promise<Session> {
  let identity = await signIn(config, tools);
  const secrets = new Set(identity.secrets);
  let renewing: Promise<Identity> | null = null;
  let refusal: TargetFailure | null = null;

  /** One renewal for all requests that need it; after a refusal none, for each one more could lock the account. */
  async function renewed(used: Identity): Promise<Identity> {
    if (identity !== used) return identity;
    if (refusal !== null) throw refusal;
    renewing ??= signIn(config, tools).finally(() => {
      renewing = null;
    });
    try {
      identity = await renewing;
    } catch (error) {
      if (error instanceof TargetFailure && error.trouble === 'unauthorised') refusal = error;
      throw error;
    }
    for (const secret of identity.secrets) secrets.add(secret);
    return identity;
  }

  return {
    username: identity.username,
    secrets: () => [...secrets],
    async request(request) {
      const isOld = identity.renewAtMs !== null && tools.now() >= identity.renewAtMs;
      const used = isOld ? await renewed(identity) : identity;
      const answer = await tools.request(withHeaders(request, used));
      if (answer.status !== 401) return answer;
      const fresh = await renewed(used);
      // The same key once more would only be refused once more.
      if (JSON.stringify(fresh.headers) === JSON.stringify(used.headers)) return answer;
      await answer.text();
      return tools.request(withHeaders(request, fresh));
    },
  };
}

function withHeaders(request: HttpRequest, { headers }: Identity): HttpRequest {
  const json = { accept: 'application/json', 'content-type': 'application/json' };
  return { ...request, headers: { ...json, ...headers } };
}
