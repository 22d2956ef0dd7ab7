import type { Item } from '../../contracts/provider.ts';

const mask = '…';
const charactersMax = 300;
const personalAttributes = [
  'userName',
  'name.givenName',
  'name.familyName',
  'emails.work',
  'phoneNumbers.work',
];
/** Whatever may stand between a name and the rest of a sentence. */
const separators = /[\s"'`<>()[\]{},;:=|/\\]+/u;
const words = /[^\s"'`<>()[\]{},;:=|/\\]+/gu;

/** Every word of the logins, names and addresses that the items of a request carry. */
export function personalWords(items: readonly Item[]): ReadonlySet<string> {
  return personalWordsOf(
    items.flatMap(({ userId, step, attributes }) => [
      userId,
      ...Object.values(step.values),
      ...personalAttributes.map((name) => attributes[name]),
    ]),
  );
}

/** Every word of some values. */
export function personalWordsOf(values: readonly unknown[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const value of values) {
    if (typeof value !== 'string') continue;
    for (const word of value.split(separators)) found.add(bare(word));
  }
  found.delete('');
  return found;
}

/** Makes a vendor's message such as may be shown. */
export type Redact = (message: string) => string;

/**
 * A vendor's message may echo what was sent, in the body or in a header: addresses, the given words and the given
 * secrets are masked, and whatever follows the name of an authentication scheme.
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
