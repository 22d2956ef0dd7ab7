import { didYouMean } from './nearest.ts';
import type { Report } from './problem.ts';
import { fieldOf, isRecord, type JsonRecord } from './record.ts';

/**
 * The job's data with `environments.NAME` laid over it. Objects are merged field by field and everything else
 * is replaced; an object that names another `type` replaces too, so that one way to sign in never keeps
 * the fields of another.
 */
export function overlayEnvironment(data: JsonRecord, environment: string, report: Report): JsonRecord {
  const environments = fieldOf(data, 'environments');
  const known = isRecord(environments) ? Object.keys(environments) : [];
  if (!known.includes(environment)) {
    report({
      path: ['environments'],
      at: 'key',
      message: `unknown environment \`${environment}\`${didYouMean(environment, known)}`,
      hint: known.length === 0 ? 'This job has no environments.' : `Known here: ${known.join(', ')}`,
    });
    return data;
  }
  const overlay = fieldOf(fieldOf(environments, environment), 'target');
  return overlay === undefined ? data : { ...data, target: lay(data.target, overlay) };
}

function lay(below: unknown, above: unknown): unknown {
  if (!isRecord(below) || !isRecord(above)) return above;
  const type = fieldOf(above, 'type');
  if (type !== undefined && type !== fieldOf(below, 'type')) return above;
  const merged = Object.entries(above).map(([key, value]) => [key, lay(fieldOf(below, key), value)]);
  return Object.fromEntries([...Object.entries(below), ...merged]);
}
