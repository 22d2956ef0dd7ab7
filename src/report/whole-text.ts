import type { NamedFeedSection } from './report.ts';

const proofs = {
  proven: 'proven whole',
  unproven: 'not proven whole',
  contradicted: 'not what it says it is',
};

/** What is known of a feed's being whole, in words: of a delta nobody asks, unless the job itself gives a proof. */
export function wholeText({ whole, partial, mode, missing }: NamedFeedSection): string {
  if (missing) return 'not there';
  if (partial) return 'a mended part of a feed';
  if (mode === 'full') return proofs[whole];
  return whole === 'unproven' ? 'a delta' : `a delta, ${proofs[whole]}`;
}
