import type { Provider } from '../contracts/provider.ts';
import { ManageFile, ProtectFile } from './bounds-schema.ts';
import { sound } from './check-shape.ts';
import type { Job } from './job.ts';
import { didYouMean } from './nearest.ts';
import type { FieldPath, Report } from './problem.ts';
import { fieldOf, type JsonRecord } from './record.ts';
import { wordsOf } from './resolve-rows.ts';

/** Whom the job manages, and from whom it takes nothing; attributes that the provider does not read are reported. */
export function resolveBounds(
  data: JsonRecord,
  provider: Provider | undefined,
  report: Report,
): Pick<Job, 'scope' | 'protect'> {
  const manage = sound(ManageFile.optional(), data.manage);
  const protect = sound(ProtectFile.optional(), data.protect);
  for (const [index, { attribute }] of (manage?.scope ?? []).entries()) {
    checkAttribute(attribute, ['manage', 'scope', index, 'attribute'], provider, report);
  }
  for (const attribute of Object.keys(protect?.like ?? {})) {
    checkAttribute(attribute, ['protect', 'like', attribute], provider, report);
  }
  for (const name of ['groups', 'roles'] as const) {
    if (fieldOf(protect, name) !== undefined) checkAttribute(name, ['protect', name], provider, report);
  }
  return {
    scope:
      manage?.scope.map(({ attribute, is, isNot, like, empty }) => ({
        attribute,
        is: wordsOf(is),
        isNot: wordsOf(isNot),
        like: wordsOf(like),
        empty: empty ?? null,
      })) ?? null,
    protect: {
      keys: (protect?.keys ?? []).map(String),
      groups: wordsOf(protect?.groups) ?? [],
      roles: wordsOf(protect?.roles) ?? [],
      like: Object.fromEntries(
        Object.entries(protect?.like ?? {}).map(([attribute, patterns]) => [
          attribute,
          wordsOf(patterns) ?? [],
        ]),
      ),
    },
  };
}

function checkAttribute(
  attribute: string,
  path: FieldPath,
  provider: Provider | undefined,
  report: Report,
): void {
  if (provider === undefined || Object.hasOwn(provider.attributes, attribute)) return;
  const known = Object.keys(provider.attributes);
  report({
    path,
    message: `${provider.title} has no attribute \`${attribute}\`${didYouMean(attribute, known)}`,
    hint: `It knows: ${known.join(', ')}`,
  });
}
