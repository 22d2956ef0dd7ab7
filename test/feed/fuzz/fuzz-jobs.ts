import fc from 'fast-check';

/** Columns of every fuzzed feed. */
export const fuzzHeaders: readonly string[] =
  'ID Login First Mail Roles Status Start End Company Action Phone Flag Zone Secret'.split(' ');

export type FuzzFormat = 'csv' | 'json' | 'ndjson';

/** The fields of a job's feed, sound by themselves. */
export type FuzzFeed = Readonly<Record<string, unknown>>;

const header = fc.constantFrom(...fuzzHeaders.filter((name) => name !== 'Secret'));
const word = fc.constantFrom(
  ...'Active Left Leave Y 1 yes - NULL ACME DE-1 x é __proto__ constructor'.split(' '),
);
const words = fc.array(word, { minLength: 1, maxLength: 3 });
const dateFormat = fc.constantFrom('yyyy-MM-dd', 'dd.MM.yyyy', 'M/d/yyyy', 'yyyyMMdd', 'd LLL yyyy');
const text = fc.constantFrom('.', '@', ' ', ',', 'a', 'example.com', '__proto__', '$&', '\n');

const transform = fc.oneof(
  fc.constantFrom('lower', 'upper', 'phone'),
  fc.record({ replace: fc.tuple(text, text) }),
  fc.record({ part: fc.tuple(text, fc.constantFrom(1, 2, -1, 9)) }),
  fc.record({ date: fc.record({ from: dateFormat, to: dateFormat }) }),
  fc.record({ phone: fc.constantFrom('DE', 'US', 'FR') }),
  fc.record({
    map: fc.dictionary(fc.constantFrom('Active', 'Left', 'x', 'constructor', '-'), word, {
      minKeys: 1,
      maxKeys: 4,
    }),
    otherwise: fc.constantFrom('keep', 'empty', 'reject'),
  }),
);

const options = {
  write: fc.constantFrom('always', 'onCreate', 'ifEmpty'),
  empty: fc.constantFrom('keep', 'clear', 'reject'),
  clear: words,
  transform: fc.oneof(transform, fc.array(transform, { minLength: 1, maxLength: 3 })),
};

const column = (name: string, more: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc.oneof(fc.constant(name), fc.record({ from: fc.constant(name), ...more }, { requiredKeys: ['from'] }));
const plainColumn = (name: string) =>
  fc.oneof(
    column(name, options),
    fc.record(
      { from: fc.uniqueArray(header, { minLength: 2, maxLength: 3 }), join: text, ...options },
      { requiredKeys: ['from'] },
    ),
    fc.record({ value: word }),
  );

const columns = fc.record(
  {
    externalId: column('ID', { transform: options.transform }),
    userName: column('Login', { transform: options.transform }),
    'name.familyName': plainColumn('First'),
    'emails.work': plainColumn('Mail'),
    title: plainColumn('Phone'),
    vip: column('Flag', { transform: options.transform }),
    roles: column('Roles', { split: fc.constantFrom(';', ',', '|', '; '), ...options }),
    active: fc.record(
      {
        from: fc.constant('Status'),
        active: fc.constant(['Active', 'Y', '1']),
        leaver: fc.constant(['Left', 'x']),
        leave: fc.constant(['Leave']),
      },
      { requiredKeys: ['from', 'active', 'leaver'] },
    ),
  },
  { requiredKeys: ['userName'] },
);

const condition = fc.oneof(
  fc.record({ column: header, is: fc.oneof(word, words) }),
  fc.record({ column: header, isNot: words }),
  fc.record({ column: header, like: fc.constantFrom('DE-*', '*', '?', '**a*b*c*', 'x*'), isNot: words }),
  fc.record({ column: header, empty: fc.boolean() }),
);

const preference = fc
  .tuple(fc.constantFrom('latest', 'earliest', 'highest', 'lowest', '='), header, word)
  .map(([kind, name, value]) => (kind === '=' ? `${name} = ${value}` : `${kind} ${name}`));

const rowOptions = {
  where: fc.array(condition, { minLength: 1, maxLength: 3 }),
  outside: fc.constantFrom('keep', 'leaver'),
  onePerson: fc.oneof(
    fc.constant('fold'),
    fc.record({ prefer: fc.array(preference, { minLength: 1, maxLength: 3 }) }),
  ),
  employment: fc.record(
    {
      start: fc.oneof(
        fc.constant('Start'),
        fc.record({ column: fc.constant('Start'), leadDays: fc.nat(30) }),
      ),
      end: fc.oneof(fc.constant('End'), fc.record({ column: fc.constant('End'), inclusive: fc.boolean() })),
    },
    { requiredKeys: ['start'] },
  ),
  dates: fc.record(
    {
      format: fc.oneof(dateFormat, fc.uniqueArray(dateFormat, { minLength: 1, maxLength: 3 })),
      timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Apia'),
      timeZoneColumn: fc.constant('Zone'),
    },
    { requiredKeys: ['format'] },
  ),
  limits: fc.record(
    {
      field: fc.constantFrom('1KiB', '64KiB'),
      record: fc.constantFrom('1KiB', '2KiB', '1MiB'),
      columns: fc.constantFrom(14, 1000),
      jsonDepth: fc.constantFrom(3, 64),
      file: fc.constantFrom('4KiB', '1MiB'),
    },
    { requiredKeys: [] },
  ),
  whole: fc.constantFrom({ trailer: 'TRAILER' }, { rows: 5 }),
  passwordColumn: fc.constant('Secret'),
  finalNewline: fc.constantFrom('required', 'optional'),
};

const csvOptions = {
  delimiter: fc.constantFrom(',', ';', 'tab', '|'),
  quote: fc.constantFrom('"', "'", null),
  escape: fc.constantFrom('\\', '"'),
  encoding: fc.constantFrom('auto', 'utf-8', 'windows-1252', 'utf-16le', 'iso-8859-15'),
};

/** Sound options of a feed in one format, as many as come. */
export function fuzzFeed(format: FuzzFormat): fc.Arbitrary<FuzzFeed> {
  const { finalNewline: _, whole: __, ...others } = rowOptions;
  const settings: Readonly<Record<string, fc.Arbitrary<unknown>>> =
    format === 'csv' ? { ...rowOptions, ...csvOptions } : { ...others, whole: fc.constant({ rows: 5 }) };
  const delta = fc.record({
    mode: fc.constant('delta'),
    action: fc.record(
      {
        column: fc.constant('Action'),
        words: fc.record({ create: words, remove: fc.constant(['gone']) }),
        several: fc.constantFrom('refuse', 'inOrder'),
      },
      { requiredKeys: ['column'] },
    ),
  });
  const records =
    format === 'json'
      ? fc.record({ records: fc.constantFrom('users', 'a.b') }, { requiredKeys: [] })
      : fc.constant({});
  return fc
    .tuple(columns, fc.record(settings, { requiredKeys: [] }), records, fc.option(delta, { freq: 4 }))
    .map(([mapped, chosen, path, deltas]) => ({
      columns: mapped,
      format,
      ...meant(chosen),
      ...path,
      ...deltas,
    }));
}

/** Without options that say nothing by themselves. */
function meant(chosen: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const idle = [
    ...(chosen.where === undefined ? ['outside'] : []),
    ...(chosen.employment === undefined ? ['dates'] : []),
    ...(chosen.quote === null ? ['escape'] : []),
  ];
  return Object.fromEntries(Object.entries(chosen).filter(([name]) => !idle.includes(name)));
}
