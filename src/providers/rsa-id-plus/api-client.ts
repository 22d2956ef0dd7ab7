import type { Tools } from '../../contracts/provider.ts';
import { TargetFailure } from '../../domain/failure.ts';
import { type Config, isLoopback, type SandboxLogin, scopesOf } from './config.ts';
import { parseJson, SandboxClient } from './wire.ts';

/** What the console calls an API client, and where it signs in. */
export interface ApiClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** In the order in which they are tried. */
  readonly keys: readonly Key[];
}

export interface Key {
  /** For messages: where the key is kept. */
  readonly name: string;
  /** The private key as a JWK, read anew. */
  read(): Promise<string>;
}

/** Says how to sign in. Asks the sandbox for an API client of its own where the job names none. */
export function apiClientOf(config: Config, tools: Tools): () => Promise<ApiClient> {
  const { auth } = config;
  const scopes = scopesOf(config);
  if (auth.type === 'basic') {
    refuseRealTarget(tools);
    let asked: Promise<ApiClient> | null = null;
    return () => {
      asked ??= askSandbox(auth, scopes, tools);
      return asked;
    };
  }
  refuseRealIssuer(auth.issuer, tools);
  const keys = auth.keys.map((reference) => ({ name: reference, read: () => tools.secret(reference) }));
  const client: ApiClient = { issuer: auth.issuer, clientId: auth.clientId, scopes, keys };
  return () => Promise.resolve(client);
}

async function askSandbox(auth: SandboxLogin, scopes: readonly string[], tools: Tools): Promise<ApiClient> {
  const pair = `${await tools.secret(auth.username)}:${await tools.secret(auth.password)}`;
  const authorization = `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
  const answer = await tools.request({
    method: 'GET',
    path: '/sandbox/api-client',
    headers: { accept: 'application/json', authorization },
    safe: true,
  });
  const client = SandboxClient.safeParse(parseJson(await answer.text())).data;
  if (answer.status !== 200 || client === undefined) {
    throw new TargetFailure({
      trouble: 'unauthorised',
      message: `The sandbox gave no API client (HTTP ${answer.status}).`,
      hint: 'Basic credentials are for the sandbox only; for the real system say auth: { type: private_key_jwt, … }.',
    });
  }
  const key = JSON.stringify(client.key);
  return { ...client, scopes, keys: [{ name: 'The key of the sandbox', read: () => Promise.resolve(key) }] };
}

function refuseRealTarget(tools: Tools): void {
  if (isOnThisMachine(tools.baseUrl)) return;
  throw new TargetFailure({
    trouble: 'misconfigured',
    message: 'RSA ID Plus takes no basic credentials: they are for the sandbox only.',
    hint: 'Say auth: { type: private_key_jwt, issuer: …, clientId: …, keys: [file:…] }.',
  });
}

/** A run against the sandbox reaches no real system, the one that issues tokens included. */
function refuseRealIssuer(issuer: string, tools: Tools): void {
  if (!isOnThisMachine(tools.baseUrl) || isOnThisMachine(issuer)) return;
  throw new TargetFailure({
    trouble: 'misconfigured',
    message: 'The target is a sandbox on this machine, but target.auth.issuer is not.',
    hint: 'Leave auth out of a job with sandbox: true, and put it under the environment of the real system.',
  });
}

function isOnThisMachine(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.protocol === 'http:' && isLoopback(url);
}
