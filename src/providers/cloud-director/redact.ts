import type { Item } from '../../contracts/provider.ts';
import { providerTypeAttribute } from './users.ts';

const mask = '…';
const charactersMax = 300;
/** Whatever may stand between a name and the rest of a sentence. */
const separators = /[\s"'`<>()[\]{},;:=|/\\]+/u;
const words = /[^\s"'`<>()[\]{},;:=|/\\]+/gu;

/** Makes a vendor's message such as may be shown. */
export type Redact = (message: string) => string;

/**
 * A vendor's message begins with the request's id in brackets, which differs each time, and may echo what was sent:
 * the id is taken off; addresses, every word of the item's own values and of `also`, and secrets are masked.
 */
export function redactor(item: Item, secrets: readonly string[], also: readonly unknown[] = []): Redact {
  const personal = personalWords(item, also);
  return (message) => {
    let shown = withoutRequestId(message);
    for (const secret of secrets) if (secret !== '') shown = shown.replaceAll(secret, mask);
    return shown
      .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
      .replace(/\b(basic|bearer)\s+\S+/gi, `$1 ${mask}`)
      .replace(words, (word) => (word.includes('@') || personal.has(bare(word)) ? mask : word))
      .trim()
      .slice(0, charactersMax);
  };
}

/** `[ 27e7eea1-0f65-… ] text`, or with a client's own id before it `[ 19-2024-…-9e6beec5-… ] text`. */
export function withoutRequestId(message: string): string {
  return message.replace(/^\s*\[\s*[0-9A-Za-z-]{8,}\s*\]\s*/, '');
}

/** Every word of the values that the item carries and of the others given; sets, which hold role names, are no one's. */
function personalWords(item: Item, also: readonly unknown[]): ReadonlySet<string> {
  const { [providerTypeAttribute]: _, ...attributes } = { ...item.attributes };
  const found = new Set<string>();
  for (const value of [...Object.values(attributes), ...Object.values(item.step.values), ...also]) {
    if (typeof value !== 'string') continue;
    for (const word of value.split(separators)) found.add(bare(word));
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
