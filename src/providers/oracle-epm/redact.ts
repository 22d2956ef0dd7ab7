import type { Item } from '../../contracts/provider.ts';
import { wordsOf } from '../../domain/redaction.ts';

const personalAttributes = ['userName', 'name.givenName', 'name.familyName', 'emails.work'];

/** Every word of the logins, names and addresses that the items of a request carry. */
export function personalWords(items: readonly Item[]): ReadonlySet<string> {
  return wordsOf(
    items.flatMap(({ userId, step, attributes }) => [
      userId,
      ...Object.values(step.values),
      ...personalAttributes.map((name) => attributes[name]),
    ]),
  );
}
