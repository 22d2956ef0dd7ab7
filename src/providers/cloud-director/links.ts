/**
 * The address that a relation of a Link header leads to; null without it. One link may carry several relations in one
 * string (`rel="lastPage nextPage"`), and a URL may hold commas (OpenAPI text of 37.2; SDK openapi.go, 2026).
 */
export function linkOf(header: string | undefined, relation: string): string | null {
  for (const [, url = '', parameters = ''] of (header ?? '').matchAll(
    /<([^>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:"[^"]*"|[^",;\s]*))?)*)/g,
  )) {
    const [, quoted, bare] = /;\s*rel\s*=\s*(?:"([^"]*)"|([^",;\s]*))/i.exec(parameters) ?? [];
    if ((quoted ?? bare ?? '').split(/\s+/).includes(relation)) return url;
  }
  return null;
}

/**
 * The path and query of an address that the target gave, from where `root` begins in it; null when it leads to
 * anything else. Such addresses carry the server's own host name, which need not be the configured one: only the
 * path is taken, so the session's token never leaves for another host.
 */
export function pathBelow(address: string, root: string): string | null {
  const url = URL.parse(address, 'https://target.invalid');
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return null;
  const start = url.pathname.indexOf(root);
  if (start === -1) return null;
  const rest = url.pathname.slice(start);
  // An escaped slash would be another path to the server than to us; dots are resolved already.
  return /%2f|%5c/i.test(rest) ? null : `${rest}${url.search}`;
}
