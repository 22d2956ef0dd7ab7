import type { Report } from './problem.ts';

/**
 * The target's address without a trailing slash: https, or http on this machine; a path prefix is kept.
 * Undefined, and reported without repeating it, when it is anything else.
 */
export function resolveBaseUrl(text: string, report: Report): string | undefined {
  const fault = faultOf(text);
  if (fault === undefined) {
    const url = new URL(text);
    return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  }
  report({ path: ['target', 'baseUrl'], message: `\`target.baseUrl\` ${fault.message}`, hint: fault.hint });
  return undefined;
}

function faultOf(text: string): { readonly message: string; readonly hint: string } | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    return { message: 'must be a whole address', hint: 'For example: https://example.com' };
  }
  const url = new URL(text);
  if (text.includes('@') || url.username !== '' || url.password !== '') {
    return { message: 'must not hold credentials', hint: 'They belong under `auth`, by reference.' };
  }
  if (text.includes('?') || text.includes('#')) {
    return {
      message: 'must not hold a query or a fragment',
      hint: 'Leave out everything from `?` or `#` on.',
    };
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return {
      message: 'must be https',
      hint: 'http would send the credentials in the clear; it is for this machine only.',
    };
  }
  return undefined;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
