import fc from 'fast-check';

/** One change to some bytes, wherever they are long enough for it. */
type Mutation = (bytes: Buffer) => Buffer;

const tokens = [
  ...[
    '"',
    "'",
    ',',
    ';',
    '\t',
    '|',
    '\n',
    '\r\n',
    '\r',
    '""',
    '\\',
    '\\"',
    '","',
    '"\n"',
    '\n\n',
    '"\n',
    '\n"',
    ' ',
    '',
    '\0',
    '\u001b',
    '\ufeff',
    '\ufffd',
    '\u2028',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    ':',
    '{"a":',
    '[[[[',
    '}}',
    'null',
    '1e999',
    '-',
    '\\u0000',
    '\\ud800',
    '"__proto__":',
    '"constructor":{"prototype":{"x":1}}',
    '/*',
    '//',
    ',]',
    'NaN',
  ],
  ...[
    '- ',
    '  ',
    '&a ',
    '*a',
    '!!binary ',
    '<<: *a',
    '? ',
    '#',
    '---\n',
    '...\n',
    '%YAML 9.9\n',
    '{}',
    '[]',
    '>',
    '|-\n',
    '@',
    '`',
    'é',
    '👩🏽‍🔬',
    'x'.repeat(300),
    'TRAILER',
    'rollcall_code',
  ],
].map((text) => Buffer.from(text));

const rawBytes = [[0xff], [0xfe, 0xff], [0xc3], [0xe2, 0x82], [0x80], [0xed, 0xa0, 0x80], [0x1f, 0x8b]].map(
  (bytes) => Buffer.from(bytes),
);

/** From 0 up to 1. */
const place = fc.integer({ min: 0, max: 10_000 }).map((number) => number / 10_001);
const at = (bytes: Buffer, where: number): number => Math.floor(where * (bytes.length + 1));

const insertion = fc.tuple(place, fc.constantFrom(...tokens, ...rawBytes)).map(
  ([where, token]): Mutation =>
    (bytes) =>
      Buffer.concat([bytes.subarray(0, at(bytes, where)), token, bytes.subarray(at(bytes, where))]),
);

const deletion = fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(
  ([where, length]): Mutation =>
    (bytes) =>
      Buffer.concat([bytes.subarray(0, at(bytes, where)), bytes.subarray(at(bytes, where) + length)]),
);

const repetition = fc.tuple(place, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 2, max: 12 })).map(
  ([where, length, times]): Mutation =>
    (bytes) => {
      const start = at(bytes, where);
      const piece = bytes.subarray(start, start + length);
      const copies = Array.from({ length: times }, () => piece);
      return Buffer.concat([bytes.subarray(0, start), ...copies, bytes.subarray(start)]);
    },
);

const cut = place.map(
  (where): Mutation =>
    (bytes) =>
      bytes.subarray(0, at(bytes, where)),
);

const flip = fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(
  ([where, value]): Mutation =>
    (bytes) => {
      const copy = Buffer.from(bytes);
      const start = at(bytes, where);
      if (start < copy.length) copy[start] = value;
      return copy;
    },
);

const nesting = fc
  .tuple(place, fc.constantFrom('[', '{"a":', '{a: ', '"', '- '), fc.integer({ min: 60, max: 3_000 }))
  .map(
    ([where, token, times]): Mutation =>
      (bytes) =>
        Buffer.concat([
          bytes.subarray(0, at(bytes, where)),
          Buffer.from(token.repeat(times)),
          bytes.subarray(at(bytes, where)),
        ]),
  );

const mutation = fc.oneof(
  { arbitrary: insertion, weight: 8 },
  { arbitrary: deletion, weight: 4 },
  { arbitrary: repetition, weight: 3 },
  { arbitrary: cut, weight: 1 },
  { arbitrary: flip, weight: 3 },
  { arbitrary: nesting, weight: 1 },
);

/** A few mutations one after the other, often none; an input stays below a megabyte. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.oneof(
  { arbitrary: fc.constant([]), weight: 2 },
  { arbitrary: fc.array(mutation, { minLength: 1, maxLength: 4 }), weight: 5 },
);

export function mutate(bytes: Buffer, changes: readonly Mutation[]): Buffer {
  return changes.reduce((mutated, change) => change(mutated).subarray(0, 1_000_000), bytes);
}
