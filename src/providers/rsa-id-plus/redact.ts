import { redactor as maskWords, type Redact, wordsOf } from '../../domain/redaction.ts';
import type { Attributes } from '../../domain/user.ts';

/**
 * Masks in a message every word of a user's attributes and every long number: the service repeats addresses and phone
 * numbers in its descriptions. Names of groups are no personal values and stay.
 */
export function redactor(attributes: Attributes, secret = ''): Redact {
  const { groups: _, ...personal } = attributes;
  const redact = maskWords(wordsOf(Object.values(personal).flat()), [secret]);
  return (message) => redact(message).replace(/\+?\d[\d ()-]{5,}\d/g, '…');
}
