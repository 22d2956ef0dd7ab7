import type { Item } from '../../contracts/provider.ts';

const mask = '…';
const charactersMax = 300;
const personalAttributes = ['userName', 'name.givenName', 'name.familyName', 'emails.work'];
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

/** A vendor's message as it may be shown: it may echo what was sent, so addresses and personal words are masked. */
export function redact(message: string, personal: ReadonlySet<string>): string {
  const shown = message.slice(0, charactersMax).replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
  return shown
    .replace(words, (word) => (word.includes('@') || personal.has(bare(word)) ? mask : word))
    .trim();
}

/** A word without the full stop that ends its sentence, as it is compared. */
function bare(word: string): string {
  return word
    .normalize('NFC')
    .toLowerCase()
    .replace(/^[.!?]+|[.!?]+$/g, '');
}
