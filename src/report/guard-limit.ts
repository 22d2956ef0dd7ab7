import { number } from './verdict.ts';

/** Guards that hold what is below their limit; all others hold what is above. */
const lowest: ReadonlySet<string> = new Set(['feedRows', 'feedBytes', 'targetRead']);

/** `at most 3`, `at least 4` */
export function limitText(guard: string, limit: number): string {
  return `${lowest.has(guard) ? 'at least' : 'at most'} ${number(limit)}`;
}
