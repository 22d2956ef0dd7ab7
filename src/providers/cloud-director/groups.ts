import type { Sought } from '../../contracts/provider.ts';
import { TargetFailure } from '../../domain/failure.ts';
import type { User } from '../../domain/user.ts';
import { unreadable } from './answers.ts';
import { type List, readPages, type Send, shifted } from './pages.ts';
import { GroupReference, Page, type Reference } from './wire.ts';

/** How a user is found in the list, which alone tells who is gone. */
type Find = (sought: readonly Sought[]) => Promise<readonly (User | undefined)[]>;

/**
 * The groups that a user is in now; null when the user is gone, for 403 is said of these too. Throws a `TargetFailure`
 * when the user is there and the groups are not shown.
 */
export async function readGroupsOf(
  userPath: string,
  sought: Sought,
  { send, find }: { readonly send: Send; readonly find: Find },
): Promise<readonly Reference[] | null> {
  try {
    return await readReferences(send, { path: `${userPath}/groups`, query: {} });
  } catch (error) {
    const mayBeGone =
      error instanceof TargetFailure && ['unauthorised', 'misconfigured'].includes(error.trouble);
    if (!mayBeGone) throw error;
    const [found] = await find([sought]);
    if (found !== undefined) throw error;
    return null;
  }
}

/** The groups in the answer to a write; null when it does not hold all of them, for it is a page like others. */
export function groupsIn(json: unknown): readonly Reference[] | null {
  const page = Page.safeParse(json).data;
  if (page === undefined || typeof page.resultTotal !== 'number') return null;
  const read = GroupReference.array().safeParse(page.values).data;
  return read?.length === page.resultTotal ? read : null;
}

async function readReferences(send: Send, list: List): Promise<readonly Reference[]> {
  const references = new Map<string, Reference>();
  let received = 0;
  for await (const values of readPages(send, list)) {
    for (const value of values) {
      const reference = GroupReference.safeParse(value).data;
      if (reference === undefined) {
        throw unreadable({ method: 'GET', path: list.path }, 'a group of a user has another form');
      }
      references.set(reference.id.toLowerCase(), reference);
      received += 1;
    }
  }
  // What is missing here would be taken away by the next write.
  if (references.size < received) throw shifted(list);
  return [...references.values()];
}
