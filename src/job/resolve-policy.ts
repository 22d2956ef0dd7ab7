import type { Provider } from '../contracts/provider.ts';
import type { Operation } from '../domain/change.ts';
import type { LeaverRule, Policy } from '../domain/settings.ts';
import { sound } from './check-shape.ts';
import { LeaverFile, PolicyFile } from './job.ts';
import type { FieldPath, Report } from './problem.ts';
import { durationMs } from './quantity.ts';
import { fieldOf } from './record.ts';

/** The policy; undefined when its shape is wrong. Asking for what the provider lacks is reported. */
export function resolvePolicy(
  raw: unknown,
  provider: Provider | undefined,
  report: Report,
): Policy | undefined {
  checkSupported(raw, provider, report);
  const leavers = resolveLeavers(fieldOf(raw, 'leavers'), provider, report);
  const file = sound(PolicyFile, raw ?? {});
  if (file === undefined) return undefined;
  const { witnessesApart, reuseLoginAfter, ...rest } = file;
  return {
    ...rest,
    leavers,
    witnessesApartMs: durationMs(witnessesApart),
    reuseLoginAfterMs: reuseLoginAfter === undefined ? null : durationMs(reuseLoginAfter),
  };
}

function checkSupported(raw: unknown, provider: Provider | undefined, report: Report): void {
  for (const operation of ['create', 'update'] as const) {
    if (provider === undefined || fieldOf(raw, operation) === false) continue;
    if (provider.supports.operations.includes(operation)) continue;
    refuseOperation(operation, ['policy', operation], provider, report);
  }
  const takesAccess = fieldOf(raw, 'onLeave') === 'disable';
  if (takesAccess && provider !== undefined && !provider.supports.operations.includes('disable')) {
    report({
      path: ['policy', 'onLeave'],
      message: `${provider.title} cannot disable users`,
      hint: 'Say `onLeave: keep`, which leaves people on leave as they are, or `active`.',
    });
  }
}

function refuseOperation(operation: Operation, path: FieldPath, provider: Provider, report: Report): void {
  const can = provider.supports.operations.join(', ');
  const hint = path.includes('leavers')
    ? `It can: ${can}`
    : `Say \`policy: { ${operation}: false }\`. It can: ${can}`;
  report({ path, at: 'key', message: `${provider.title} cannot ${operation} users`, hint });
}

function resolveLeavers(raw: unknown, provider: Provider | undefined, report: Report): readonly LeaverRule[] {
  if (!Array.isArray(raw)) return [];
  const rules: LeaverRule[] = [];
  raw.forEach((entry: unknown, index) => {
    const rule = toRule(sound(LeaverFile, entry));
    if (rule === undefined) return;
    const path = ['policy', 'leavers', index, rule.operation];
    if (provider !== undefined && !provider.supports.operations.includes(rule.operation)) {
      refuseOperation(rule.operation, path, provider, report);
    }
    if (rules.some((earlier) => earlier.operation === rule.operation)) {
      report({ path, at: 'key', message: `\`${rule.operation}\` is given twice for leavers` });
      return;
    }
    rules.push(rule);
    checkOrder(rules, path, report);
  });
  return rules.toSorted((one, other) => one.afterDays - other.afterDays);
}

function checkOrder(rules: readonly LeaverRule[], path: FieldPath, report: Report): void {
  const disable = rules.find((rule) => rule.operation === 'disable');
  const remove = rules.find((rule) => rule.operation === 'remove');
  if (disable === undefined || remove === undefined || disable.afterDays < remove.afterDays) return;
  report({
    path,
    message: 'a leaver must be disabled some days before being removed',
    hint: 'For example: [ { disable: now }, { remove: after 90d } ]',
  });
}

function toRule(entry: LeaverFile | undefined): LeaverRule | undefined {
  if (entry?.disable !== undefined) return { operation: 'disable', afterDays: daysOf(entry.disable) };
  if (entry?.remove !== undefined) return { operation: 'remove', afterDays: daysOf(entry.remove) };
  return undefined;
}

/** `now` is 0; `after 90d` is 90. */
function daysOf(due: string): number {
  return due === 'now' ? 0 : Number.parseInt(due.slice('after '.length), 10);
}
