import { resolve } from 'node:path';
import type { Provider } from '../contracts/provider.ts';
import { checkShape, sound } from './check-shape.ts';
import { isLiteralSecret, isReference, literalSecret } from './check-secrets.ts';
import {
  HttpFile,
  type HttpReferences,
  namedTargetFieldNames,
  SandboxFile,
  type SandboxSettings,
  type TargetSettings,
  targetFieldNames,
} from './job.ts';
import { didYouMean } from './nearest.ts';
import type { Report } from './problem.ts';
import { fieldOf, isRecord, type JsonRecord, valueAt } from './record.ts';
import { resolveBaseUrl } from './resolve-base-url.ts';
import { resolveLimits } from './resolve-limits.ts';

export interface TargetContext {
  readonly directory: string;
  /** The target's name in the job's list; null for a job with one target. */
  readonly name: string | null;
  readonly provider: Provider | undefined;
  /** Names of the job's environments: one of them may hold the address that is missing. */
  readonly environments: readonly string[];
  readonly report: Report;
}

/** The sandbox takes any credentials; the run sets these variables when it starts one. */
const sandboxAuth = {
  type: 'basic',
  username: 'env:ROLLCALL_SANDBOX_USER',
  password: 'env:ROLLCALL_SANDBOX_PASSWORD',
} as const;

/** The provider that the job names; undefined, and reported, when there is none of that name. */
export function resolveProvider(
  raw: unknown,
  providers: Readonly<Record<string, Provider>>,
  report: Report,
): Provider | undefined {
  const id = fieldOf(raw, 'provider');
  if (typeof id !== 'string') return undefined;
  if (Object.hasOwn(providers, id)) return providers[id];
  const known = Object.keys(providers);
  report({
    path: ['target', 'provider'],
    message: `unknown provider \`${id}\`${didYouMean(id, known)}`,
    hint: `Known here: ${known.join(', ')}`,
  });
  return undefined;
}

/** The target's settings; undefined when something in them is wrong, which is reported. */
export function resolveTarget(raw: JsonRecord, context: TargetContext): TargetSettings | undefined {
  const { provider, directory, report } = context;
  const sandbox = resolveSandbox(raw.sandbox, directory);
  const baseUrl = resolveAddress(raw, sandbox, context);
  const http = resolveHttp(raw.http, report);
  if (provider === undefined) return undefined;
  const limits = resolveLimits(raw.limits, provider.limits, report);
  const fieldNames = context.name === null ? targetFieldNames : namedTargetFieldNames;
  const config = resolveConfig(raw, { provider, sandbox, fieldNames, report });
  if (config === undefined || sandbox === undefined || baseUrl === undefined) return undefined;
  const name = context.name ?? provider.id;
  const place = baseUrl ?? `sandbox:${provider.id}`;
  const tenant = provider.tenant?.(config.value);
  return {
    name,
    provider: provider.under === undefined ? provider : { ...provider, ...provider.under(config.value) },
    baseUrl,
    origin: tenant === undefined ? place : `${place}#${tenant}`,
    sandbox,
    config: config.value,
    limits,
    http,
  };
}

/** Null without a sandbox; undefined when its shape is wrong, which has been reported. */
function resolveSandbox(raw: unknown, directory: string): SandboxSettings | null | undefined {
  if (raw === undefined) return null;
  const file = sound(SandboxFile, raw);
  if (file === undefined) return undefined;
  if (file === false) return null;
  const given = file === true ? {} : file;
  const absolute = (path: string | undefined) => (path === undefined ? null : resolve(directory, path));
  return {
    users: absolute(given.users),
    journal: absolute(given.journal),
    faults: absolute(given.faults),
    ratePerSecond: given.rate === undefined ? null : Number.parseInt(given.rate, 10),
  };
}

/** An address beside a sandbox is checked and left out: a sandbox run cannot reach the real system. */
function resolveAddress(
  raw: JsonRecord,
  sandbox: SandboxSettings | null | undefined,
  context: TargetContext,
): string | null | undefined {
  const baseUrl = raw.baseUrl;
  if (typeof baseUrl === 'string') {
    const address = resolveBaseUrl(baseUrl, context.report);
    if (sandbox === null) return address;
    context.report({
      path: ['target', 'baseUrl'],
      severity: 'warning',
      message: '`target.baseUrl` is not used: the job runs against the sandbox',
      hint: 'For the real system take `sandbox` out, or say `sandbox: false` in its environment.',
    });
    return null;
  }
  if (baseUrl !== undefined || sandbox !== null) return sandbox === null ? undefined : null;
  const choose = `Choose an environment with \`--env\`: ${context.environments.join(', ')}`;
  context.report({
    path: ['target'],
    at: 'key',
    message: '`target.baseUrl` is missing',
    hint:
      context.environments.length > 0 ? choose : 'Give the address, or `sandbox: true` to try the job out.',
  });
  return undefined;
}

function resolveHttp(raw: unknown, report: Report): HttpReferences {
  const proxy = sound(HttpFile.shape.proxy, fieldOf(raw, 'proxy')) ?? null;
  if (proxy !== null && !isReference(proxy) && !isPlainAddress(proxy)) {
    report({
      path: ['target', 'http', 'proxy'],
      message: '`target.http.proxy` must be an http address without credentials, or a reference',
      hint: 'A proxy with credentials goes into a variable: `proxy: env:HTTPS_PROXY`.',
    });
  }
  const ca = sound(HttpFile.shape.ca, fieldOf(raw, 'ca')) ?? null;
  return { proxy, ca, clientCertificate: resolveClientCertificate(raw, report) };
}

function resolveClientCertificate(raw: unknown, report: Report): HttpReferences['clientCertificate'] {
  for (const [given, missing] of [
    ['cert', 'key'],
    ['key', 'cert'],
    ['passphrase', 'key'],
  ] as const) {
    if (fieldOf(raw, given) === undefined || fieldOf(raw, missing) !== undefined) continue;
    report({
      path: ['target', 'http', given],
      at: 'key',
      message: `\`target.http.${given}\` says nothing without \`${missing}\``,
      hint: 'A client certificate is `cert` and `key`, and `passphrase` when the key is encrypted.',
    });
  }
  const { shape } = HttpFile;
  const cert = sound(shape.cert, fieldOf(raw, 'cert'));
  const key = sound(shape.key, fieldOf(raw, 'key'));
  if (cert === undefined || key === undefined) return null;
  return { cert, key, passphrase: sound(shape.passphrase, fieldOf(raw, 'passphrase')) ?? null };
}

function isPlainAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return false;
  return url.username === '' && url.password === '' && !text.includes('@');
}

/** What the provider's own schema makes of the rest of the target, wrapped because it may be anything. */
function resolveConfig(
  raw: JsonRecord,
  context: {
    readonly provider: Provider;
    readonly sandbox: SandboxSettings | null | undefined;
    /** Fields that are core's, not the provider's. */
    readonly fieldNames: readonly string[];
    readonly report: Report;
  },
): { readonly value: unknown } | undefined {
  const { provider, sandbox, fieldNames, report } = context;
  const own = Object.entries(raw).filter(([key]) => !fieldNames.includes(key));
  const defaults = sandbox !== null && raw.auth === undefined ? [['auth', sandboxAuth] as const] : [];
  const value = Object.fromEntries([...own, ...defaults]);
  let failed = false;
  const parsed = checkShape(
    { schema: provider.config, value, path: ['target'], otherNames: fieldNames },
    (trouble) => {
      failed = true;
      // The words about a field's name never hold its value; those about its value might, where it is a secret.
      const secret = isLiteralSecret(trouble.path, valueAt({ target: value }, trouble.path));
      if (secret && trouble.path[1] === 'auth') return;
      report(secret && trouble.at !== 'key' ? literalSecret(trouble.path) : trouble);
    },
  );
  return failed ? undefined : { value: parsed };
}

/** Whether a job's target is an object at all; anything else has been reported. */
export function targetOf(data: JsonRecord): JsonRecord | undefined {
  const target = fieldOf(data, 'target');
  return isRecord(target) ? target : undefined;
}
