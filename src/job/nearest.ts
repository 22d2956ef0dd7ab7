import { distance } from 'fastest-levenshtein';

/** The known word that a misspelt one most likely means; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const apart = distance(wanted, candidate.toLowerCase());
    if (apart <= tolerance(wanted, candidate) && apart < (best?.distance ?? Number.POSITIVE_INFINITY)) {
      best = { word: candidate, distance: apart };
    }
  }
  return best?.word;
}

/** A third of the letters may be wrong; of short words, one. */
function tolerance(word: string, candidate: string): number {
  return Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
}

/** `, did you mean …?` for a message, or nothing when no known word is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const found = nearest(word, known);
  return found === undefined ? '' : `, did you mean \`${found}\`?`;
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
