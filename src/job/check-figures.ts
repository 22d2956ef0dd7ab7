import type { FieldPath, Report } from './problem.ts';
import { fieldOf, isRecord } from './record.ts';
import type { YamlSource } from './yaml-source.ts';

const plainFigure = /^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/**
 * Refuses figures of guards that YAML takes and nobody reads at once: `1e3` is 1000 to it, `0x10` is 16 and `5.` is 5.
 * A limit is what people lean on, so it stands there in digits.
 */
export function checkFigures(data: unknown, source: YamlSource, report: Report): void {
  const targets = fieldOf(data, 'targets');
  const ofTargets = Array.isArray(targets) ? targets.map((_, index) => ['targets', index, 'guards']) : [];
  const places: readonly FieldPath[] = [['guards'], ...ofTargets];
  for (const place of places) {
    const guards = place.reduce<unknown>(fieldOf, data);
    if (guards !== undefined) checkBelow(guards, place, source, report);
  }
}

function checkBelow(value: unknown, path: FieldPath, source: YamlSource, report: Report): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkBelow(item, [...path, index], source, report);
  } else if (isRecord(value)) {
    for (const [name, item] of Object.entries(value)) checkBelow(item, [...path, name], source, report);
  } else if (typeof value === 'number') {
    const text = source.source(path) ?? String(value);
    // A negative figure is refused by its schema, in its own words.
    if (plainFigure.test(text) || value < 0) return;
    const message = `\`${path.at(-1)}\` is not a plain figure: \`${text}\` is ${value} to YAML`;
    report({ path, message, hint: 'Write it in digits, such as 50 or 5%.' });
  }
}
