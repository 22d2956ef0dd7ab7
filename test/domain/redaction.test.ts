import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactor, wordsOf } from '../../src/domain/redaction.ts';

const personal = wordsOf(['jane.doe', 'Jane', 'Doe-Smith', 'Zoë', null, true, ['role']]);
const redact = redactor(personal, ['s3cret/with:marks', '']);

describe('what a target says', () => {
  it.each([
    ['Invalid email for JANE.DOE.', 'Invalid email for …'],
    ['User "Jane" (Doe-Smith): bad', 'User "…" (…): bad'],
    ['mail somebody@else.example.com now', 'mail … now'],
    ['Zoe\u0308 is known', '… is known'],
    ['password s3cret/with:marks refused', 'password … refused'],
    ['header Authorization: Basic amRvZTpwdw== refused', 'header Authorization: Basic … refused'],
    ['token eyJhbGciOi.eyJzdWIi.c2ln ended', 'token … ended'],
    ['line\nbreak\u202eand\u0007bell', 'line break and bell'],
    ['Role Viewer is not known', 'Role Viewer is not known'],
  ])('%j is shown as %j', (said, shown) => {
    expect(redact(said)).toBe(shown);
  });

  it('never shows a word of the person, wherever it stands', () => {
    const word = fc.constantFrom('jane.doe', 'Jane', 'DOE-SMITH', 's3cret/with:marks', 'a@b.example.com');
    const around = fc.constantFrom(' ', '"', "'", '(', '<', ';', ',', '=', '\n');
    fc.assert(
      fc.property(fc.lorem(), word, around, around, fc.lorem(), (before, inside, left, right, after) => {
        const shown = redact(`${before}${left}${inside}${right}${after}`).toLowerCase();
        return !shown.split(/[\s"'()<>;,=]+/).includes(inside.toLowerCase());
      }),
    );
  });

  it('is cut to the length of a report', () => {
    expect(redact('word '.repeat(500)).length).toBeLessThanOrEqual(300);
  });
});
