import { type FieldPath, fieldName, type Report } from './problem.ts';
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

/** Refuses literal secrets in the target's credentials and in those of every environment. */
export function checkSecrets(data: JsonRecord, report: Report): void {
  refuseLiterals(fieldOf(fieldOf(data, 'target'), 'auth'), ['target', 'auth'], report);
  const environments = fieldOf(data, 'environments');
  if (!isRecord(environments)) return;
  for (const [name, environment] of Object.entries(environments)) {
    const auth = fieldOf(fieldOf(environment, 'target'), 'auth');
    refuseLiterals(auth, ['environments', name, 'target', 'auth'], report);
  }
}

/** Whether the value at the end of this path is a secret that is no reference. */
export function isLiteralSecret(path: FieldPath, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'object') return false;
  const name = path.findLast((segment) => typeof segment === 'string');
  if (name === undefined || !secretName.test(name)) return false;
  return typeof value !== 'string' || !isReference(value);
}

function refuseLiterals(value: unknown, path: FieldPath, report: Report): void {
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      refuseLiterals(item, [...path, index], report);
    });
  } else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value)) refuseLiterals(item, [...path, key], report);
  } else if (isLiteralSecret(path, value)) {
    const message = `\`${fieldName(path)}\` is not a reference; secrets never stand in a job file`;
    report({ path, message, hint: referenceHint });
  }
}
