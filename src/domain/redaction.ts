/*
 * A target's message may echo what was sent to it, and messages stand in reports, on screens and in logs: what is
 * personal or secret in it is masked before it leaves the provider.
 */

/** Makes a target's message such as may be shown. */
export type Redact = (message: string) => string;

const mask = '…';
const charactersMax = 300;
/** A run of characters without whatever may stand between a name and the rest of a sentence. */
const words = /[^\s"'`<>()[\]{},;:=|/\\]+/gu;

/** Every word of the given texts, as `redactor` compares them; values that are no text, and sets, have none. */
export function wordsOf(values: readonly unknown[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const value of values) {
    if (typeof value !== 'string') continue;
    for (const [word] of value.matchAll(words)) found.add(bare(word));
  }
  found.delete('');
  return found;
}

/**
 * Masks the given secrets as a whole, the given words, everything with an `@`, JSON Web Tokens, and whatever follows
 * the name of an authentication scheme; takes out control characters, and cuts what is too long for a report.
 */
export function redactor(personal: ReadonlySet<string>, secrets: readonly string[]): Redact {
  return (message) => {
    let shown = message;
    for (const secret of secrets) if (secret !== '') shown = shown.replaceAll(secret, mask);
    return shown
      .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
      .replace(/\b(basic|bearer)\s+\S+/gi, `$1 ${mask}`)
      .replace(/\beyJ[\w-]+(\.[\w-]+)*/g, mask)
      .replace(words, (word) => (word.includes('@') || personal.has(bare(word)) ? mask : word))
      .trim()
      .slice(0, charactersMax);
  };
}

/** A word without the full stop that ends its sentence, as it is compared. */
function bare(word: string): string {
  return word
    .normalize('NFC')
    .toLowerCase()
    .replace(/^[.!?]+|[.!?]+$/g, '');
}
