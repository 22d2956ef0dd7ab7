import type { Attributes } from '../../domain/user.ts';

/** Makes a vendor's message such as may be shown. */
export type Redact = (message: string) => string;

const mask = '…';
const charactersMax = 300;
/** Whatever may stand between a name and the rest of a sentence. */
const separators = /[\s"'`<>()[\]{},;:=|/\\]+/u;
const words = /[^\s"'`<>()[\]{},;:=|/\\]+/gu;

/**
 * Masks in a message every word of a user's attributes, every e-mail address, and every long number: the service
 * repeats addresses in its descriptions. Names of groups are no personal values and stay. A secret is masked as a whole.
 */
export function redactor(attributes: Attributes, secret = ''): Redact {
  const personal = personalWords(attributes);
  return (message) =>
    (secret === '' ? message : message.replaceAll(secret, mask))
      .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
      .replace(/\b(basic|bearer)\s+\S+/gi, `$1 ${mask}`)
      .replace(/\beyJ[\w-]+(\.[\w-]+)*/g, mask)
      .replace(/\+?\d[\d ()-]{5,}\d/g, mask)
      .replace(words, (word) => (word.includes('@') || personal.has(bare(word)) ? mask : word))
      .trim()
      .slice(0, charactersMax);
}

function personalWords(attributes: Attributes): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'groups' || value === null || typeof value === 'boolean') continue;
    for (const text of typeof value === 'string' ? [value] : value) {
      for (const word of text.split(separators)) found.add(bare(word));
    }
  }
  found.delete('');
  return found;
}

/** A word without the full stop that ends its sentence, as it is compared. */
function bare(word: string): string {
  return word
    .normalize('NFC')
    .toLowerCase()
    .replace(/^[.!?]+|[.!?]+$/g, '');
}
