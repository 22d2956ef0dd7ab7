import { sameValue } from '../domain/comparison.ts';
import type { Account, Attributes } from '../domain/user.ts';
import type { DiffRule } from './difference.ts';

const windowMs = 7 * 86_400_000;
/** Written so often within the window, and not there any more: the next time would be the second time again. */
const timesMin = 2;

/** Attributes to which this job would write once more what others keep changing back. */
export function flappingOf(
  after: Attributes,
  known: Account | null,
  { asOf, rules }: { readonly asOf: string; readonly rules: Readonly<Record<string, DiffRule>> },
): readonly string[] {
  if (known?.written === undefined) return [];
  return Object.entries(after).flatMap(([name, value]) => {
    const written = known.written?.[name];
    if (written === undefined || !sameValue(written.value, value, rules[name])) return [];
    const times = written.at.filter((at) => Date.parse(asOf) - Date.parse(at) < windowMs);
    return times.length >= timesMin ? [name] : [];
  });
}
