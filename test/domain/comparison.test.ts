import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, foldedSet, identicalValue, matchKeyOf, sameValue } from '../../src/domain/comparison.ts';
import type { Value } from '../../src/domain/user.ts';

const exact = { caseExact: true };
const ignored = { caseExact: false };

const someRule = fc.constantFrom(exact, ignored, undefined);
const someText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constantFrom('É', 'E\u0301', 'é', 'ﬁ', 'fi', 'İ', 'ß', 'SS', 'Å', 'A\u030a'),
);
const someValue: fc.Arbitrary<Value | null | undefined> = fc.oneof(
  someText,
  fc.boolean(),
  fc.array(someText, { maxLength: 4 }),
  fc.constantFrom(null, undefined, ''),
);

describe('folding', () => {
  it('makes composed and decomposed spellings equal', () => {
    expect(fold('Jose\u0301', exact)).toBe(fold('José', exact));
  });

  it('keeps apart what only a compatibility form would merge', () => {
    expect(fold('ﬁ', exact)).not.toBe(fold('fi', exact));
    expect(fold('²', ignored)).not.toBe(fold('2', ignored));
  });

  it('ignores case where the target does, and where nothing is known of it', () => {
    expect(fold('ADA@Example.com', ignored)).toBe('ada@example.com');
    expect(fold('ADA@Example.com', undefined)).toBe('ada@example.com');
    expect(fold('ADA@Example.com', exact)).toBe('ADA@Example.com');
  });

  it('changes nothing the second time, and does not care how letters are composed', () => {
    fc.assert(
      fc.property(someText, someRule, (text, rule) => {
        expect(fold(fold(text, rule), rule)).toBe(fold(text, rule));
        expect(fold(text.normalize('NFD'), rule)).toBe(fold(text, rule));
      }),
    );
  });
});

describe('comparing values', () => {
  it('takes no value, an empty text and an empty set for the same', () => {
    const nothings = [null, undefined, '', []];
    for (const left of nothings)
      for (const right of nothings) expect(sameValue(left, right, exact)).toBe(true);
  });

  it('does not take a no for no value', () => {
    expect(sameValue(false, null, exact)).toBe(false);
    expect(sameValue(false, true, exact)).toBe(false);
    expect(sameValue(true, true, exact)).toBe(true);
  });

  it('compares text by the rule', () => {
    expect(sameValue('Ada', 'ADA', ignored)).toBe(true);
    expect(sameValue('Ada', 'ADA', exact)).toBe(false);
    expect(sameValue('Ada', 'Ada ', ignored)).toBe(false);
  });

  it('compares sets without order, repetition and, by the rule, case', () => {
    expect(sameValue(['a', 'b', 'a'], ['b', 'a'], exact)).toBe(true);
    expect(sameValue(['A', 'b'], ['a', 'B'], ignored)).toBe(true);
    expect(sameValue(['A'], ['a'], exact)).toBe(false);
    expect(sameValue(['a'], ['a', 'b'], exact)).toBe(false);
    expect(sameValue(['a', 'b'], ['a', 'c'], exact)).toBe(false);
  });

  it('takes a text for the set that holds only it', () => {
    expect(sameValue('a', ['a'], exact)).toBe(true);
    expect(sameValue(['a', 'b'], 'a', exact)).toBe(false);
  });

  it('never takes a yes for the word', () => {
    expect(sameValue(true, 'true', exact)).toBe(false);
  });

  it('says the same whichever side comes first, and of every value that it is itself', () => {
    fc.assert(
      fc.property(someValue, someValue, someRule, (left, right, rule) => {
        expect(sameValue(left, right, rule)).toBe(sameValue(right, left, rule));
        expect(sameValue(left, left, rule)).toBe(true);
      }),
    );
  });

  it('calls identical only what is the same to the letter', () => {
    expect(identicalValue('Ada', 'ADA')).toBe(false);
    expect(identicalValue('José', 'Jose\u0301')).toBe(true);
    fc.assert(
      fc.property(someValue, someValue, (left, right) => {
        if (identicalValue(left, right)) expect(sameValue(left, right, ignored)).toBe(true);
      }),
    );
  });

  it('folds every entry of a set', () => {
    expect([...foldedSet(['B', 'a', 'b'], ignored)]).toEqual(['b', 'a']);
    expect([...foldedSet('B', exact)]).toEqual(['B']);
  });
});

describe('the match key', () => {
  const rules = { userName: ignored, employeeNumber: exact };

  it('is the folded values of the match attributes', () => {
    expect(matchKeyOf({ userName: 'ADA@example.com' }, ['userName'], rules)).toBe('ada@example.com');
  });

  it('keeps case where the target does', () => {
    expect(matchKeyOf({ employeeNumber: 'aB' }, ['employeeNumber'], rules)).toBe('aB');
  });

  it('is nothing when one attribute has no text', () => {
    const match = ['userName', 'employeeNumber'];
    expect(matchKeyOf({ userName: 'ada' }, match, rules)).toBeNull();
    expect(matchKeyOf({ userName: 'ada', employeeNumber: '' }, match, rules)).toBeNull();
    expect(matchKeyOf({ userName: 'ada', employeeNumber: null }, match, rules)).toBeNull();
    expect(matchKeyOf({ userName: 'ada', employeeNumber: true }, match, rules)).toBeNull();
    expect(matchKeyOf({ userName: 'ada', employeeNumber: ['1'] }, match, rules)).toBeNull();
  });

  it('of two attributes does not run them together', () => {
    const keyOf = (userName: string, employeeNumber: string): string | null =>
      matchKeyOf({ userName, employeeNumber }, ['userName', 'employeeNumber'], rules);
    expect(keyOf('ab', 'c')).not.toBe(keyOf('a', 'bc'));
  });
});
