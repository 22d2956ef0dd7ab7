import type { Provider } from '../contracts/provider.ts';
import { sound } from './check-shape.ts';
import { MatchFile } from './job.ts';
import { didYouMean } from './nearest.ts';
import type { FieldPath, Report } from './problem.ts';
import { fieldOf, isRecord } from './record.ts';
import { coreAttributes } from './resolve-columns.ts';

/** The match attributes; each must be mapped from a column and be known of the target's users. */
export function resolveMatch(
  raw: unknown,
  columns: unknown,
  context: { readonly provider: Provider | undefined; readonly report: Report },
): readonly string[] | undefined {
  const file = sound(MatchFile, raw);
  if (isRecord(columns)) refuseConstantKey('externalId', columns, context.report);
  if (file === undefined) return undefined;
  const names = typeof file === 'string' ? [file] : file;
  names.forEach((name, index) => {
    const path: FieldPath = typeof file === 'string' ? ['match'] : ['match', index];
    if (names.indexOf(name) < index)
      context.report({ path, message: `\`${name}\` is named twice in \`match\`` });
    if (isRecord(columns)) checkMapped(name, path, columns, context.report);
    if (context.provider !== undefined) checkComparable(name, path, context.provider, context.report);
  });
  return names;
}

function checkMapped(
  name: string,
  path: FieldPath,
  columns: Readonly<Record<string, unknown>>,
  report: Report,
): void {
  const mapped = Object.keys(columns);
  if (!mapped.includes(name)) {
    const message = `\`match\` names \`${name}\`, which has no column${didYouMean(name, mapped)}`;
    report({ path, message, hint: `Mapped here: ${mapped.join(', ')}` });
  }
  refuseConstantKey(name, columns, report);
}

function refuseConstantKey(name: string, columns: Readonly<Record<string, unknown>>, report: Report): void {
  if (fieldOf(fieldOf(columns, name), 'value') === undefined) return;
  report({
    path: ['feed', 'columns', name, 'value'],
    message: `\`${name}\` tells people apart, so it cannot be the same for every row`,
  });
}

function checkComparable(name: string, path: FieldPath, provider: Provider, report: Report): void {
  const rule = Object.hasOwn(provider.attributes, name) ? provider.attributes[name] : undefined;
  // Any other attribute without a rule has been reported where it is mapped.
  const isComparable = rule === undefined ? !coreAttributes.includes(name) : rule.type === 'string';
  if (isComparable) return;
  const known = Object.keys(provider.attributes).filter((key) => provider.attributes[key]?.type === 'string');
  const message = `users of ${provider.title} cannot be matched by \`${name}\``;
  report({ path, message, hint: `Match by one of: ${known.join(', ')}` });
}
