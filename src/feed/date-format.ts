import { DateTime } from 'luxon';

/** A longer text is no date. */
const dateCharactersMax = 64;

/** Names of months are English, digits Latin: what a feed means must not hang on the machine that reads it. */
const english = { locale: 'en-US', numberingSystem: 'latn' } as const;

/** A form in which dates are written, worked out once. */
export interface DateFormat {
  readonly parser: ReturnType<typeof DateTime.buildFormatParser>;
}

/** @param tokens Luxon's, such as `dd.MM.yyyy` */
export function dateFormat(tokens: string): DateFormat {
  return { parser: DateTime.buildFormatParser(tokens, english) };
}

/**
 * The moment that a trimmed text names, strictly of the form; null for any other text and for a day that no calendar
 * has.
 *
 * @param zone whose clock it means, and the moment's own zone afterwards; null: as it is written
 */
export function readDate(text: string, { parser }: DateFormat, zone: string | null): DateTime<true> | null {
  if (text.length > dateCharactersMax) return null;
  const where = zone === null ? { zone: 'utc', setZone: true } : { zone };
  const date = DateTime.fromFormatParser(text, parser, { ...english, ...where });
  return date.isValid ? date : null;
}
