import { createRequire } from 'node:module';
import { fold } from '../domain/comparison.ts';
import type { TransformFile } from './feed-schema.ts';
import type { FieldPath, Report } from './problem.ts';
import { canBeRead } from './resolve-dates.ts';

type PhoneNumbers = typeof import('libphonenumber-js/max');

const load = createRequire(import.meta.url);
/** Loaded for the first `phone` only: all the world's numbering plans take a tenth of the program's start. */
const isSupportedCountry: PhoneNumbers['isSupportedCountry'] = (country) =>
  (load('libphonenumber-js/max') as PhoneNumbers).isSupportedCountry(country);

/** Reports transforms that no cell could pass. */
export function checkTransforms(
  file: TransformFile | readonly TransformFile[] | undefined,
  path: FieldPath,
  report: Report,
): void {
  if (file === undefined) return;
  if (!isList(file)) checkTransform(file, path, report);
  else for (const [index, one] of file.entries()) checkTransform(one, [...path, index], report);
}

function isList(file: TransformFile | readonly TransformFile[]): file is readonly TransformFile[] {
  return Array.isArray(file);
}

function checkTransform(file: TransformFile, path: FieldPath, report: Report): void {
  if (typeof file === 'string') return;
  if ('date' in file && !canBeRead(file.date.from)) {
    report({
      path: [...path, 'date', 'from'],
      message: 'no date can be read by these tokens',
      hint: 'Use those of Luxon, the year among them: dd.MM.yyyy, M/d/yyyy, d-MMM-yy, yyyyMMdd.',
    });
  }
  if ('phone' in file && !isSupportedCountry(file.phone)) {
    report({
      path: [...path, 'phone'],
      message: 'no telephone numbers of this country are known',
      hint: 'Use its two letters of ISO 3166: DE, AT, GB (not UK), US.',
    });
  }
  if ('map' in file) checkTable(Object.keys(file.map), [...path, 'map'], report);
}

function checkTable(words: readonly string[], path: FieldPath, report: Report): void {
  const folded = words.map((word) => fold(word.trim(), undefined));
  for (const [index, word] of words.entries()) {
    if (folded.indexOf(folded[index] ?? '') === index) continue;
    report({
      path: [...path, word],
      at: 'key',
      message: 'this word stands twice in the table: case does not count',
      hint: 'Leave one of them.',
    });
  }
}
