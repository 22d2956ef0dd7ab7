import { InvalidArgumentError } from 'commander';

/** Gathers an option that may be given several times. */
export function another(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function reason(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Say why.');
  return text.trim();
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
const durationMaxMs = 90 * dayMs;

/** `24h` or `7d`, in milliseconds. */
export function duration(text: string): number {
  const [, amount, unit] = /^([1-9][0-9]{0,3})([hd])$/.exec(text) ?? [];
  const ms = Number(amount) * (unit === 'h' ? hourMs : dayMs);
  if (!(ms <= durationMaxMs))
    throw new InvalidArgumentError('Give hours or days, such as 24h or 7d; 90d at most.');
  return ms;
}

export function wholeNumber(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}

export function isoTime(text: string): string {
  const form = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;
  const time = form.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError('Give a date such as 2026-11-21, or a time such as 2026-11-21T02:15:00Z.');
  return new Date(time).toISOString();
}

/** A day ends with its last moment in UTC. */
export function untilTime(text: string): string {
  const time = isoTime(text);
  return text.includes('T') ? time : new Date(Date.parse(time) + 86_400_000).toISOString();
}

export function exampleText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`;
}
