/**
 * The codes whose meaning a vendor page states (PREST Update Users v2, Remove Users v2, Assign Role v2, Add Users
 * to Group v2; 2025), in our words. The catalogue is not published, and one condition has another code in each
 * family of calls, so a code that is missing here says nothing.
 */
const wordings: Readonly<Record<string, string>> = {
  'EPMCSS-21192': 'the account that signs in may not do this',
  'EPMCSS-21142': 'a user with this login exists already',
  'EPMCSS-21143': 'the e-mail address is not valid',
  'EPMCSS-21147': 'parameters are missing or not valid',
  'EPMCSS-21000': 'there is no role of this name',
  'EPMCSS-21021': 'there is no group of this name',
};

/** Request-level codes that mean missing rights; 21001 was seen in a public client's fixtures only (2026). */
const unauthorised: ReadonlySet<string> = new Set(['EPMCSS-21192', 'EPMCSS-21001']);

/** On an update: nothing to change, or a copy of the page on adding; the pages contradict themselves. */
export const existsCode = 'EPMCSS-21142';

/** What a code means; null for one that no page explains. */
export function wordingOf(code: string | null): string | null {
  return (code === null ? undefined : wordings[code]) ?? null;
}

export function isUnauthorised(code: string | null): boolean {
  return code !== null && unauthorised.has(code);
}

/** The vendor's code as it came, when it has a code's form; other text might hold anything. */
export function codeOf(text: string | null | undefined): string | null {
  return text != null && /^[A-Z][A-Z0-9]{1,15}-[0-9]{1,9}$/.test(text) ? text : null;
}
