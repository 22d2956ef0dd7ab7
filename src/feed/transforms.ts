import { createRequire } from 'node:module';
import type { Transform } from '../domain/settings.ts';
import { type Unfit, wordOf } from './cell-values.ts';
import { dateFormat, readDate } from './date-format.ts';

const load = createRequire(import.meta.url);

/** From a trimmed text that is not empty to a trimmed one; '' stands for an empty cell. */
export type TextTransform = (text: string) => string | Unfit;

/** The functions as one, from left to right; null when there are none. What becomes empty stays so. */
export function transformOf(transforms: readonly Transform[]): TextTransform | null {
  const [first, ...others] = transforms.map(functionOf);
  if (first === undefined) return null;
  if (others.length === 0) return trimmed(first);
  return (given) => {
    let text = trimmed(first)(given);
    for (const next of others) {
      if (typeof text !== 'string' || text === '') return text;
      text = trimmed(next)(text);
    }
    return text;
  };
}

function trimmed(transform: TextTransform): TextTransform {
  return (given) => {
    const text = transform(given);
    return typeof text === 'string' ? text.trim() : text;
  };
}

function functionOf(transform: Transform): TextTransform {
  switch (transform.fn) {
    case 'lower':
      return (text) => text.toLowerCase();
    case 'upper':
      return (text) => text.toUpperCase();
    case 'replace': {
      const { find, by } = transform;
      // A function, since `$&` in a replacement text would mean something.
      return (text) => text.replaceAll(find, () => by);
    }
    case 'part':
      return (text) => partOf(text.split(transform.split), transform.take);
    case 'date':
      return rewriteDate(transform.from, transform.to);
    case 'phone':
      return phone(transform.country);
    case 'map':
      return lookUp(new Map(Object.entries(transform.table)), transform.otherwise);
  }
}

function partOf(parts: readonly string[], take: number): string {
  return parts.at(take > 0 ? take - 1 : take) ?? '';
}

function rewriteDate(from: string, to: string): TextTransform {
  const format = dateFormat(from);
  return (text) => {
    const date = readDate(text, format, null);
    return date === null ? { unfit: `is no date of the form ${from}.` } : date.toFormat(to);
  };
}

function lookUp(table: ReadonlyMap<string, string>, otherwise: 'keep' | 'empty' | 'reject'): TextTransform {
  const missing: Unfit = {
    unfit: 'is a word that the map of the job does not have. Add it there, or say `otherwise: keep`.',
  };
  const outside = { keep: (text: string) => text, empty: () => '', reject: () => missing }[otherwise];
  return (text) => table.get(wordOf(text)) ?? outside(text);
}

/**
 * Valid by the numbering plans that Google's libphonenumber publishes, in full (`max`): the smaller set takes
 * numbers that no country has.
 */
function phone(country: string | null): TextTransform {
  // Loaded for the first `phone` only: all the world's numbering plans take a tenth of the program's start.
  const { isSupportedCountry, parsePhoneNumberFromString } = load(
    'libphonenumber-js/max',
  ) as typeof import('libphonenumber-js/max');
  const region = country !== null && isSupportedCountry(country) ? { defaultCountry: country } : {};
  return (text) => {
    const number = parsePhoneNumberFromString(text, { ...region, extract: false });
    if (number === undefined && country === null && !text.startsWith('+')) {
      return {
        unfit:
          'is no telephone number with a country code. Write it as +49…, or say `phone: DE` with its country.',
      };
    }
    if (number === undefined || !number.isValid()) return { unfit: 'is not a valid telephone number.' };
    if (number.ext !== undefined) {
      return { unfit: 'is a telephone number with an extension, which E.164 has no place for.' };
    }
    return number.number;
  };
}
