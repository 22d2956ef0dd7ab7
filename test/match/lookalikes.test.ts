import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Person } from '../../src/domain/person.ts';
import type { User } from '../../src/domain/user.ts';
import { skeletonOf } from '../../src/match/lookalikes.ts';
import { buildAccount, buildPerson, buildUser, pairsOf, type Sides } from './build.ts';

const cyrillicA = '\u0430';

function named(n: number, login: string): Person {
  const userName = login.normalize('NFC').toLowerCase();
  return buildPerson(n, { matchKey: userName, attributes: { userName: login } });
}

function userNamed(n: number, userName: string): User {
  return buildUser(n, { attributes: { userName } });
}

/** Keys of the people who are flagged, and of those who were found to be the same as a user. */
function flagged(sides: Sides): readonly string[] {
  return pairsOf(sides).map(({ person, lookalike, user }) => {
    if (user !== null) return `${person.key} is ${user.id}`;
    return lookalike === undefined ? `${person.key} is new` : `${person.key} ${lookalike.code}`;
  });
}

describe('a key that looks like a user’s', () => {
  it.each([
    ['with a letter of another script', `d${cyrillicA}n@example.com`, 'dan@example.com'],
    ['the other way round', 'dan@example.com', `d${cyrillicA}n@example.com`],
    ['with a ligature', '\uFB01n@example.com', 'fin@example.com'],
    ['with full-width letters', '\uFF44an@example.com', 'dan@example.com'],
    ['with a letter without width', 'd\u200Dan@example.com', 'dan@example.com'],
    ['with m for rn', `m${cyrillicA}@example.com`, 'rna@example.com'],
  ])('is flagged %s, and never taken for the same', (_, login, existing) => {
    expect(flagged({ people: [named(1, login)], users: [userNamed(9, existing)] })).toEqual([
      'E1 LOOKALIKE_KEY',
    ]);
  });

  it('is no matter where both are of ASCII alone', () => {
    expect(
      flagged({ people: [named(1, 'a1@example.com')], users: [userNamed(9, 'al@example.com')] }),
    ).toEqual(['E1 is new']);
    // Somebody else's key makes the comparison run.
    const sides = {
      people: [named(1, 'a1@example.com'), named(2, 'müller')],
      users: [userNamed(9, 'al@example.com')],
    };
    expect(flagged(sides)).toEqual(['E1 is new', 'E2 is new']);
  });

  it('is the same key when it is equal as the target compares it', () => {
    const sides = { people: [named(1, 'jose\u0301')], users: [userNamed(9, 'JOS\u00C9')] };
    expect(flagged(sides)).toEqual(['E1 is u9']);
  });

  it('is told from one that differs by an accent only', () => {
    expect(flagged({ people: [named(1, 'josé')], users: [userNamed(9, 'jose')] })).toEqual(['E1 is new']);
  });

  it('says which attribute it is, and not its value', () => {
    const [pair] = pairsOf({ people: [named(1, `d${cyrillicA}n`)], users: [userNamed(9, 'dan')] });
    expect(pair?.lookalike?.message).toContain('userName');
    expect(pair?.lookalike?.message).not.toMatch(/d.n\b(?<!than)/u);
  });
});

describe('people whose keys look alike', () => {
  it('are both flagged when both are new', () => {
    const people = [named(1, 'dan'), named(2, `d${cyrillicA}n`), named(3, 'eve')];
    expect(flagged({ people })).toEqual(['E1 LOOKALIKE_KEY', 'E2 LOOKALIKE_KEY', 'E3 is new']);
  });

  it('leave in peace the one who has a user already', () => {
    const people = [named(1, 'dan'), named(2, `d${cyrillicA}n`)];
    expect(flagged({ people, users: [userNamed(9, 'dan')] })).toEqual(['E1 is u9', 'E2 LOOKALIKE_KEY']);
    const linked = { accounts: [buildAccount(2)], users: [userNamed(2, 'other')] };
    expect(flagged({ people, ...linked })).toEqual(['E1 LOOKALIKE_KEY', 'E2 is u2']);
  });

  it('are not flagged for somebody whom the feed no longer names as such', () => {
    // Two rows with one login are set aside: what they call themselves is no key of anybody.
    const people = [named(1, 'dan'), named(2, `d${cyrillicA}n`), named(3, `d${cyrillicA}n`)];
    expect(flagged({ people })).toEqual(['E1 is new']);
  });
});

describe('a skeleton', () => {
  it('is its own skeleton, for every character of ASCII', () => {
    for (let code = 0; code < 128; code += 1) {
      const skeleton = skeletonOf(String.fromCharCode(code));
      expect(skeletonOf(skeleton)).toBe(skeleton);
    }
  });

  it('is its own skeleton, and does not depend on composition', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const skeleton = skeletonOf(text);
        expect(skeletonOf(skeleton)).toBe(skeleton);
        expect(skeletonOf(text.normalize('NFC'))).toBe(skeletonOf(text.normalize('NFD')));
      }),
    );
  });
});
