/** The query parameters of a filtered list. */
export interface Filter {
  readonly filter: string;
  readonly filterEncoded?: 'true';
}

/**
 * The filter by which one user or organisation is found. Null when the value cannot stand in a filter: commas,
 * semicolons, stars, pluses and blanks break the server's parser even when they are encoded, and then the vendor's
 * SDK reads the whole list too (SDK openapi.go, shouldDoSlowSearch, 2026). Other marks travel percent-encoded inside
 * the filter, which `filterEncoded` announces.
 */
export function filterBy(field: string, value: string): Filter | null {
  if (/[,;*+\s()'"\\%]/.test(value)) return null;
  if (/^[A-Za-z0-9._-]+$/.test(value)) return { filter: `${field}==${value}` };
  return { filter: `${field}==${encodeURIComponent(value)}`, filterEncoded: 'true' };
}

/** The filter for one id; URNs hold nothing that the parser stumbles on. */
export function filterById(urn: string): Filter {
  return { filter: `id==${urn}` };
}

/** A query string in which a blank is `%20`: the server does not read `+` as a blank. */
export function queryOf(parameters: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(parameters).map(
    ([name, value]) => `${name}=${encodeURIComponent(String(value))}`,
  );
  return `?${pairs.join('&')}`;
}
