const mask = '…';
const charactersMax = 300;
/** Whatever may stand between a name and the rest of a sentence. */
const words = /[^\s"'`<>()[\]{},;:=|/\\]+/gu;

/** Makes a service's message such as may be shown. */
export type Redact = (message: string) => string;

/** Every word of some values. */
export function personalWords(values: readonly unknown[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const value of values.flat()) {
    if (typeof value !== 'string') continue;
    for (const [word] of value.matchAll(words)) found.add(bare(word));
  }
  found.delete('');
  return found;
}

/**
 * A service's message may echo what was sent, in the body or in a header: addresses, the given words, the given
 * secrets and quoted text are masked, and whatever follows the name of an authentication scheme.
 */
export function redactor(personal: ReadonlySet<string>, secrets: readonly string[]): Redact {
  return (message) => {
    let shown = message;
    for (const secret of secrets) if (secret !== '') shown = shown.replaceAll(secret, mask);
    return shown
      .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
      .replace(/\b(basic|bearer)\s+\S+/gi, `$1 ${mask}`)
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
