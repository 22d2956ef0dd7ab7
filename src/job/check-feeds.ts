import type { Provider } from '../contracts/provider.ts';
import { type Operation, operations } from '../domain/change.ts';
import type { Policy } from '../domain/settings.ts';
import type { FieldPath, Report } from './problem.ts';
import { fieldOf } from './record.ts';

export interface FeedsContext {
  readonly provider: Provider | undefined;
  readonly policy: Policy | undefined;
  readonly report: Report;
}

/** One of the job's feeds as the file gives it, and where it stands there. */
interface WrittenFeed {
  readonly raw: unknown;
  readonly at: FieldPath;
}

/** What is wrong with the feeds together, or with what they ask of the target. */
export function checkFeeds(data: unknown, context: FeedsContext): void {
  const written = writtenFeeds(data);
  for (const feed of written) checkActions(feed, context);
  checkLastingIds(written, context.report);
  checkStdin(written, context.report);
}

function writtenFeeds(data: unknown): readonly WrittenFeed[] {
  const list = fieldOf(data, 'feeds');
  if (!Array.isArray(list)) return [{ raw: fieldOf(data, 'feed'), at: ['feed'] }];
  return list.map((raw: unknown, index) => ({ raw, at: ['feeds', index] }));
}

/** A word of its own for an operation says that the delta shall have it; of the default words any may go unused. */
function checkActions({ raw, at }: WrittenFeed, { provider, policy, report }: FeedsContext): void {
  const words = fieldOf(fieldOf(raw, 'action'), 'words');
  for (const operation of operations) {
    if (fieldOf(words, operation) === undefined) continue;
    const path = [...at, 'action', 'words', operation];
    if (provider !== undefined && !provider.supports.operations.includes(operation)) {
      const can = provider.supports.operations.join(', ');
      report({
        path,
        at: 'key',
        message: `${provider.title} cannot ${operation} users`,
        hint: `It can: ${can}`,
      });
    } else if (policy !== undefined && !allows(policy, operation)) {
      report({
        path,
        at: 'key',
        message: `the policy does not let a run ${operation} users`,
        hint: wayToAllow(operation),
      });
    }
  }
}

/** Only what this job disabled is ever enabled, so that needs no leave of its own. */
function allows(policy: Policy, operation: Operation): boolean {
  if (operation === 'create' || operation === 'update') return policy[operation];
  return operation === 'enable' || policy.leavers.some((rule) => rule.operation === operation);
}

function wayToAllow(operation: Operation): string {
  return operation === 'create' || operation === 'update'
    ? `Say \`policy: { ${operation}: true }\`, or take the words out.`
    : `Say \`policy: { leavers: [ { ${operation}: now } ] }\`: a delta does it at once, whatever the days; or take the words out.`;
}

/** Somebody whom two feeds name has to have one lasting id in both. */
function checkLastingIds(written: readonly WrittenFeed[], report: Report): void {
  const hasIds = ({ raw }: WrittenFeed): boolean =>
    fieldOf(fieldOf(raw, 'columns'), 'externalId') !== undefined;
  if (!written.some(hasIds)) return;
  for (const { raw, at } of written) {
    if (hasIds({ raw, at }) || fieldOf(raw, 'columns') === undefined) continue;
    report({
      path: [...at, 'columns'],
      at: 'key',
      severity: 'warning',
      message: 'another feed gives the lasting id, `externalId`, and this one does not',
      hint: 'Map it in every feed: whoever stands in two of them cannot be told to be one person, and is set aside.',
    });
  }
}

function checkStdin(written: readonly WrittenFeed[], report: Report): void {
  for (const { at } of written.filter(({ raw }) => fieldOf(raw, 'path') === '-').slice(1)) {
    report({
      path: [...at, 'path'],
      message: 'another feed is read from standard input already',
      hint: 'Name a file.',
    });
  }
}
