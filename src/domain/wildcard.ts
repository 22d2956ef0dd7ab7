/** Whether a text matches one of the patterns, in which only `*` is special: it stands for any run of characters. */
export function matchesAny(text: string, patterns: readonly string[]): boolean {
  return anyOf(patterns)(text);
}

/** The same for many texts. */
export function anyOf(patterns: readonly string[]): (text: string) => boolean {
  const forms = patterns.map((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`, 's');
  });
  return (text) => forms.some((form) => form.test(text));
}
