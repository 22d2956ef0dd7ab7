import type { Column } from '../domain/settings.ts';
import { type Unfit, wordOf, wordSet } from './cell-values.ts';

export type Status = 'active' | 'leaver' | 'leave';

/** What a status cell's text says of the person: somebody leaves only by a word that the job declares. */
export type StatusReader = (text: string) => Status | Unfit;

/** Reads the cells of the column that fills `active`. */
export function statusReader({ activeWords, leaverWords, leaveWords }: Column): StatusReader {
  const active = wordSet(activeWords);
  const leaver = wordSet(leaverWords);
  const leave = wordSet(leaveWords);
  return (text) => {
    const word = wordOf(text);
    if (word === '') return { unfit: 'is empty, so it does not say whether the person stays.' };
    if (leaver.has(word)) return 'leaver';
    if (leave.has(word)) return 'leave';
    if (active.has(word)) return 'active';
    return {
      unfit: 'is a word that the job does not declare. Add it to the words for active, leaver or leave.',
    };
  };
}
