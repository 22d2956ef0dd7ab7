/** Whether a text matches a pattern whole: `*` stands for any run of characters, `?` for one. In linear memory. */
export function matchesPattern(text: string, pattern: string): boolean {
  const characters = [...text];
  const wanted = [...pattern];
  let at = 0;
  let next = 0;
  /** Where the last star stands, and how far its run reaches: only the last one ever needs another try. */
  let star = -1;
  let reached = 0;
  while (at < characters.length) {
    if (wanted[next] === '*') {
      star = next;
      reached = at;
      next += 1;
    } else if (wanted[next] === '?' || wanted[next] === characters[at]) {
      next += 1;
      at += 1;
    } else if (star === -1) {
      return false;
    } else {
      reached += 1;
      at = reached;
      next = star + 1;
    }
  }
  while (wanted[next] === '*') next += 1;
  return next === wanted.length;
}
