import { didYouMean } from './nearest.ts';
import type { Report } from './problem.ts';
import { fieldOf, isRecord, type JsonRecord } from './record.ts';
import { nameOfTarget } from './target-views.ts';

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
  const chosen = fieldOf(environments, environment);
  const { targets } = data;
  if (Array.isArray(targets)) {
    const overlaid = targets.map((entry: unknown) => {
      const name = nameOfTarget(entry);
      const overlay = name === undefined ? undefined : fieldOf(fieldOf(chosen, 'targets'), name);
      return overlay === undefined ? entry : lay(entry, overlay);
    });
    return { ...data, targets: overlaid };
  }
  const overlay = fieldOf(chosen, 'target');
  return overlay === undefined ? data : { ...data, target: lay(data.target, overlay) };
}

/** Every environment speaks of the targets as the job does: of the one, or of those in the list by their names. */
export function checkEnvironments(data: JsonRecord, report: Report): void {
  const environments = fieldOf(data, 'environments');
  if (!isRecord(environments)) return;
  const { targets } = data;
  const known = Array.isArray(targets)
    ? targets.map(nameOfTarget).filter((name) => name !== undefined)
    : null;
  for (const [environment, overlay] of Object.entries(environments)) {
    const path = ['environments', environment];
    const named = fieldOf(overlay, 'targets');
    if (known === null && named !== undefined) {
      report({
        path: [...path, 'targets'],
        at: 'key',
        message: 'this job has one `target`, and its environments too',
        hint: 'Give `target` here, without a name.',
      });
    }
    if (known === null) continue;
    if (fieldOf(overlay, 'target') !== undefined) {
      report({
        path: [...path, 'target'],
        at: 'key',
        message: 'this job has a list of `targets`: an environment names those that it changes',
        hint: `Write: targets: { ${known[0] ?? 'NAME'}: { … } }`,
      });
    }
    for (const name of Object.keys(isRecord(named) ? named : {})) {
      if (known.includes(name)) continue;
      report({
        path: [...path, 'targets', name],
        at: 'key',
        message: `unknown target \`${name}\`${didYouMean(name, known)}`,
        hint: `Known here: ${known.join(', ')}`,
      });
    }
  }
}

function lay(below: unknown, above: unknown): unknown {
  if (!isRecord(below) || !isRecord(above)) return above;
  const type = fieldOf(above, 'type');
  if (type !== undefined && type !== fieldOf(below, 'type')) return above;
  const merged = Object.entries(above).map(([key, value]) => [key, lay(fieldOf(below, key), value)]);
  return Object.fromEntries([...Object.entries(below), ...merged]);
}
