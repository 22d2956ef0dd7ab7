import type { Provider } from '../contracts/provider.ts';
import type { FeedSettings } from '../domain/settings.ts';
import { usedHeaders } from '../domain/used-headers.ts';
import type { Report } from './problem.ts';

const path = ['passwordColumn'];

/** Reports a password column that nobody could read passwords from. */
export function checkPasswordColumn(
  header: string | undefined,
  provider: Provider | undefined,
  report: Report,
): void {
  if (header === undefined) return;
  if (provider !== undefined && !provider.supports.initialPassword) {
    report({
      path,
      message: `${provider.title} takes no first passwords`,
      hint: 'Take `passwordColumn` out.',
    });
  }
}

/** A first password goes to the target and nowhere else, so its column cannot be a column like any other. */
export function refuseReadPasswords(settings: FeedSettings, report: Report): void {
  const header = settings.passwordColumn?.trim();
  const mapped = settings.columns.some(({ from }) => from.some((name) => name.trim() === header));
  if (header === undefined || !usedHeaders(settings).some((name) => name.trim() === header)) return;
  report({
    path,
    message: mapped
      ? 'the column with the passwords is mapped to an attribute too'
      : 'the column with the passwords is read for something else too',
    hint: 'Take it out there: what else is read of a row stands in plans, reports and the ledger.',
  });
}
