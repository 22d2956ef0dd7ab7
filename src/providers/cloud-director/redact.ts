import type { Item } from '../../contracts/provider.ts';
import { redactor as maskWords, type Redact, wordsOf } from '../../domain/redaction.ts';
import { providerTypeAttribute } from './users.ts';

/**
 * A vendor's message begins with the request's id in brackets, which differs each time, and may echo what was sent:
 * the id is taken off; every word of the item's own values and of `also`, and secrets are masked. Sets, which hold
 * role names, are no one's.
 */
export function redactor(item: Item, secrets: readonly string[], also: readonly unknown[] = []): Redact {
  const { [providerTypeAttribute]: _, ...attributes } = item.attributes;
  const personal = wordsOf([...Object.values(attributes), ...Object.values(item.step.values), ...also]);
  const redact = maskWords(personal, secrets);
  return (message) => redact(withoutRequestId(message));
}

/** `[ 27e7eea1-0f65-… ] text`, or with a client's own id before it `[ 19-2024-…-9e6beec5-… ] text`. */
export function withoutRequestId(message: string): string {
  return message.replace(/^\s*\[\s*[0-9A-Za-z-]{8,}\s*\]\s*/, '');
}
