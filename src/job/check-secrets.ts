import { type FieldPath, fieldName, type Report, type Trouble } from './problem.ts';
import { fieldOf, isRecord, type JsonRecord } from './record.ts';

/** Names of fields that hold a secret: `password`, `clientSecret`, `access_token`; not `tokenUrl` or `keyId`. */
const secretName = /(?:password|passphrase|secret|token|key|assertion)$/i;

/** `env:NAME` or `file:PATH`. */
export function isReference(text: string): boolean {
  return /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/.test(text);
}

/** The hint for every place that takes a secret. */
export const referenceHint =
  'Write `env:NAME` and set that variable, or `file:PATH` with a file of your own.';

/** Refuses literal secrets in the credentials of every target and in those of every environment. */
export function checkSecrets(data: JsonRecord, report: Report): void {
  checkTargets(data, [], report);
  const environments = fieldOf(data, 'environments');
  if (!isRecord(environments)) return;
  for (const [name, environment] of Object.entries(environments)) {
    checkTargets(environment, ['environments', name], report);
  }
}

/** The job and its environments both have `target` or `targets`; a list there, an object here. */
function checkTargets(part: unknown, path: FieldPath, report: Report): void {
  refuseLiterals(fieldOf(fieldOf(part, 'target'), 'auth'), [...path, 'target', 'auth'], report);
  const targets = fieldOf(part, 'targets');
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(targets)
    ? [...targets.entries()]
    : Object.entries(isRecord(targets) ? targets : {});
  for (const [key, target] of entries) {
    refuseLiterals(fieldOf(target, 'auth'), [...path, 'targets', key, 'auth'], report);
  }
}

/** Whether the value at the end of this path is a secret that is no reference. */
export function isLiteralSecret(path: FieldPath, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'object') return false;
  const name = path.findLast((segment) => typeof segment === 'string');
  if (name === undefined || !secretName.test(name)) return false;
  return typeof value !== 'string' || !isReference(value);
}

/** What is said of a secret that stands in the job file. */
export function literalSecret(path: FieldPath): Trouble {
  const message = `\`${fieldName(path)}\` is not a reference; secrets never stand in a job file`;
  return { path, message, hint: referenceHint };
}

function refuseLiterals(value: unknown, path: FieldPath, report: Report): void {
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      refuseLiterals(item, [...path, index], report);
    });
  } else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value)) refuseLiterals(item, [...path, key], report);
  } else if (isLiteralSecret(path, value)) {
    report(literalSecret(path));
  }
}
