import type { Protection } from '../contracts/ledger.ts';
import type { Difference, Spared } from '../diff/difference.ts';

/** What a comparison found beside what people need. */
export interface Findings {
  /** People whom a change was called for and who were left as they are, by what kept them so. */
  readonly spared: Readonly<Record<Spared, number>>;
  /** People whose value somebody else changed in the target, by attribute. */
  readonly drift: Readonly<Record<string, number>>;
  /** People whose value others keep changing back, by attribute. */
  readonly flapping: Readonly<Record<string, number>>;
  /** Those that are in force, the first thousand. */
  readonly protections: readonly Pick<Protection, 'key' | 'until' | 'reason' | 'operator'>[];
}

export interface FindingsCounter {
  add(difference: Difference): void;
  findings(protections: readonly Protection[]): Findings;
}

const protectionsMax = 1_000;

export function findingsCounter(): FindingsCounter {
  const spared = { protected: 0, kept: 0, outsideScope: 0 };
  const drift: Record<string, number> = {};
  const flapping: Record<string, number> = {};
  const count = (names: readonly string[], counts: Record<string, number>): void => {
    for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  };
  return {
    add: (difference) => {
      if (difference.spared !== undefined) spared[difference.spared] += 1;
      count(difference.drifted ?? [], drift);
      count(difference.flapping ?? [], flapping);
    },
    findings: (protections) => ({
      spared,
      drift: sorted(drift),
      flapping: sorted(flapping),
      protections: protections
        .slice(0, protectionsMax)
        .map(({ key, until, reason, operator }) => ({ key, until, reason, operator })),
    }),
  };
}

function sorted(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([one], [other]) => (one < other ? -1 : 1)));
}
