import { z } from 'zod';

const path = (description: string) => z.string().min(1).describe(`${description} Relative to the job file.`);
const header = z.string().min(1);
const word = z.union([z.string().min(1), z.number(), z.boolean()]);
const words = z.array(word).min(1);
const duration = z
  .string()
  .regex(/^[1-9][0-9]{0,5}(?:s|m|h|d)$/, 'must be a time such as `30s`, `10m`, `36h` or `3d`');
const bytes = z
  .string()
  .regex(/^[1-9][0-9]{0,6}(?:KiB|MiB|GiB)$/, 'must be a size such as `64KiB`, `1MiB` or `2GiB`');

/** A named function over a cell's text. */
export const TransformFile = z.union(
  [
    z.enum(['lower', 'upper', 'phone']),
    z.strictObject({
      replace: z.tuple([z.string().min(1), z.string()]).describe('What is found, and what takes its place.'),
    }),
    z.strictObject({
      part: z
        .tuple([z.string().min(1), z.int().refine((take) => take !== 0, 'parts are counted from 1')])
        .describe('The separator, and which part is taken: 1 is the first, -1 the last.'),
    }),
    z.strictObject({
      date: z
        .strictObject({ from: z.string().min(1), to: z.string().min(1).default('yyyy-MM-dd') })
        .describe('Rewrites a date, by the tokens of Luxon: dd.MM.yyyy.'),
    }),
    z.strictObject({
      phone: z
        .string()
        .regex(/^[A-Z]{2}$/, 'must be a country of two capital letters, such as `DE`')
        .describe('To E.164; a number without a country code belongs to this country.'),
    }),
    z.strictObject({
      map: z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
        .refine((table) => Object.keys(table).length > 0, 'must have at least one word')
        .describe('A word of the feed, compared without case: what it becomes; "" for nothing.'),
      otherwise: z
        .enum(['keep', 'empty', 'reject'])
        .default('reject')
        .describe('What a word outside the table becomes: itself, nothing, or a row set aside.'),
    }),
  ],
  {
    error:
      'must be lower, upper, phone, { replace: [x, y] }, { part: ["@", 1] }, { date: { from, to } }, ' +
      '{ phone: DE } or { map: { A: B } }',
  },
);
export type TransformFile = z.infer<typeof TransformFile>;

/** What fills one attribute: the header of a column, or an object for anything more. */
export const ColumnFile = z.union(
  [
    header,
    z.strictObject({
      from: z
        .union([header, z.array(header).min(1)], { error: 'must be a header, or a list of headers' })
        .optional()
        .describe("Header of the feed's column, or several that are joined."),
      join: z.string().default(' ').describe('What stands between the texts of several columns.'),
      value: z.string().optional().describe('The same value for every row, instead of `from`.'),
      transform: z
        .union([TransformFile, z.array(TransformFile).min(1)])
        .optional()
        .describe('Functions over the text, in their order: lower, { map: { … } }, { phone: DE } …'),
      write: z
        .enum(['always', 'onCreate', 'ifEmpty'])
        .default('always')
        .describe(
          'When the attribute is written: at any difference, only at creation, or only where the target has none.',
        ),
      empty: z
        .enum(['keep', 'clear', 'reject'])
        .default('keep')
        .describe("What an empty cell means: keep the target's value, clear it, or set the row aside."),
      clear: words.optional().describe('Words that clear the value, such as "-" or NULL.'),
      split: z.string().min(1).default(';').describe('Separator of a cell with several values.'),
      owned: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe('Patterns such as "EPM-*" of the values this job owns: only these are ever taken away.'),
      drift: z
        .enum(['feedWins', 'targetWins', 'report', 'conflict'])
        .default('feedWins')
        .describe(
          'What somebody changed in the target: overwritten, kept until the feed changes, or a conflict.',
        ),
      active: words.optional().describe('For `active`: status words of people who stay.'),
      leaver: words.optional().describe('For `active`: status words of people who left.'),
      leave: words.optional().describe('For `active`: status words of people on leave of absence.'),
    }),
  ],
  { error: 'must be the header of a column, or an object with `from` or `value`' },
);
export type ColumnFile = z.infer<typeof ColumnFile>;

export const WholeFile = z
  .strictObject({
    rows: z.int().min(0).optional().describe('Rows that the feed must have, header and trailer not counted.'),
    manifest: path('A side file with the row count or the SHA-256 of the feed.').optional(),
    trailer: z
      .string()
      .min(1)
      .optional()
      .describe('First cell of the last record, which states the row count.'),
  })
  .refine((whole) => Object.keys(whole).length > 0, 'needs `rows`, `manifest` or `trailer`');

const wordOrWords = z.union([word, words]);

export const ConditionFile = z
  .strictObject({
    column: header.describe("Header of the feed's column."),
    is: wordOrWords.optional().describe('Words, compared without case: one of them.'),
    isNot: wordOrWords.optional().describe('Words, compared without case: none of them.'),
    like: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe('Patterns such as "DE-*": one of them.'),
    empty: z.boolean().optional().describe('Whether the cell is empty.'),
  })
  .refine((entry) => Object.keys(entry).length > 1, 'needs `is`, `isNot`, `like` or `empty`');

const preference = /^\s*(?:[^=\s][^=]*=\s*\S.*|(?:latest|earliest|highest|lowest)\s+[^=\s][^=]*)$/su;

export const OnePersonFile = z.union(
  [
    z.literal('fold'),
    z.strictObject({
      by: z.string().min(1).optional().describe("The lasting id's attribute or column; said for the reader."),
      prefer: z
        .array(
          z
            .string()
            .regex(
              preference,
              'must be `COLUMN = WORD`, or latest, earliest, highest or lowest and a column',
            ),
        )
        .min(1)
        .describe('Which row counts: [Status = Active, Primary = Y, latest Effective Date].'),
    }),
  ],
  { error: 'must be `fold`, or { prefer: [Status = Active, latest Effective Date] }' },
);

export const ActionFile = z.strictObject({
  column: header.describe('The column that says what is to be done.'),
  words: z
    .strictObject({
      create: words.optional(),
      update: words.optional(),
      enable: words.optional(),
      disable: words.optional(),
      remove: words.optional(),
    })
    .optional()
    .describe(
      'The words of the feed for each operation; by default create, update, enable, disable, remove.',
    ),
  several: z
    .enum(['refuse', 'inOrder'])
    .default('refuse')
    .describe('Several rows of one person: all set aside, or taken one after the other.'),
  unlinked: z
    .enum(['conflict', 'act'])
    .default('conflict')
    .describe('A disable or remove of a user whom this job never linked: a conflict, or done.'),
});

export const EmploymentFile = z.strictObject({
  start: z
    .union([header, z.strictObject({ column: header, leadDays: z.int().min(0).max(365).default(0) })])
    .optional()
    .describe('Column with the first day; who starts later, less the lead days, is not due yet.'),
  end: z
    .union([header, z.strictObject({ column: header, inclusive: z.boolean().default(true) })])
    .optional()
    .describe('Column with the last day; inclusive: the person still works on it.'),
});

export const DatesFile = z.strictObject({
  format: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .default('yyyy-MM-dd')
    .describe('How the feed writes dates, by the tokens of Luxon: dd.MM.yyyy; several are tried in order.'),
  timeZone: z.string().min(1).default('UTC').describe('Whose midnight they mean: Europe/Berlin.'),
  timeZoneColumn: header.optional().describe('Column with a zone for each row.'),
});

export const FeedLimitsFile = z.strictObject({
  file: bytes.optional().describe('The whole file. Default 4GiB.'),
  record: bytes.optional().describe('One record. Default 1MiB, which is the most.'),
  field: bytes.optional().describe('One cell. Default 64KiB.'),
  columns: z.int().min(1).max(100_000).optional().describe('Columns. Default 1000.'),
  jsonDepth: z.int().min(1).max(1000).optional().describe('Levels of nested JSON. Default 64.'),
  gzipRatio: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('Bytes that one compressed byte may become. Default 100.'),
});

/** The feed as the job file gives it. */
export const FeedFile = z.strictObject({
  path: path(
    'The file of wanted users, a pattern such as "inbox/hr-*.csv", or "-" for standard input.',
  ).optional(),
  pick: z
    .enum(['newest', 'all'])
    .optional()
    .describe('Of the files that a pattern finds: the newest, or all of them by name.'),
  command: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'Instead of `path`: a program and its arguments; its output is the feed if it ends with status 0.',
    ),
  commandTimeout: duration.optional().describe('How long the command may take. Default 10m.'),
  ready: z
    .strictObject({
      marker: path(
        'A file that has to be there, `*` standing for the path of the feed: "*.done".',
      ).optional(),
      stable: duration.optional().describe('The file must not have changed for so long.'),
      wait: duration.optional().describe('How long to wait for that. Default: not at all.'),
    })
    .optional()
    .describe('How it is told that the file is completely delivered.'),
  maxAge: duration.optional().describe('A file older than this is held: the export has died.'),
  older: z
    .enum(['hold', 'take'])
    .default('hold')
    .describe('A feed that an earlier run took, or that is older than the last one taken: held, or taken.'),
  whenSettled: z
    .union([z.enum(['leave', 'delete']), z.strictObject({ archive: path('The folder it is moved to.') })], {
      error: 'must be leave, delete or { archive: FOLDER }',
    })
    .default('leave')
    .describe('What becomes of the file once a run has settled it: leave, delete or { archive: FOLDER }.'),
  optional: z
    .boolean()
    .default(false)
    .describe('Among several feeds: whether a run goes on without it. Its people are then left alone.'),
  mode: z
    .enum(['full', 'delta'])
    .default('full')
    .describe('`full`: the feed names everybody who should exist.'),
  format: z
    .enum(['auto', 'csv', 'json', 'ndjson', 'xlsx'])
    .default('auto')
    .describe(
      '`auto` goes by the extension: .csv, .tsv, .txt, .json, .ndjson, .jsonl, .xlsx, with or without .gz.',
    ),
  encoding: z
    .string()
    .default('auto')
    .describe('A WHATWG label such as windows-1252. `auto`: UTF-8 or UTF-16, as the bytes prove.'),
  delimiter: z
    .string()
    .regex(/^(?:tab|\\t|[^"\r\n])$/u, 'must be one character, or `tab`')
    .optional()
    .describe('Separator of cells: one character, or `tab`. A comma by default, a tab for .tsv.'),
  quote: z
    .union([z.string().regex(/^[^\r\n]$/u), z.null()], { error: 'must be one character, or null for none' })
    .default('"')
    .describe('What encloses a cell; null: nothing does.'),
  escape: z
    .string()
    .regex(/^[^\r\n]$/u, 'must be one character')
    .optional()
    .describe('What stands before a quote inside a cell. The quote itself by default.'),
  finalNewline: z
    .enum(['required', 'optional'])
    .default('required')
    .describe(
      'Whether a CSV feed whose last record has no line end may be cut: then that record is set aside.',
    ),
  records: z
    .string()
    .min(1)
    .optional()
    .describe('JSON: names that lead to the array of people, dotted: users, or Resources.'),
  sheet: z.string().min(1).optional().describe('Excel: the name of the sheet; the first by default.'),
  columns: z
    .record(z.string(), ColumnFile)
    .refine((columns) => Object.keys(columns).length > 0, 'must name at least one attribute')
    .describe('The attributes and the columns that fill them: `attribute: Header`.'),
  passwordColumn: z
    .string()
    .min(1)
    .optional()
    .describe('Header of the column with the first passwords of new users: they go to the target only.'),
  whole: WholeFile.optional().describe(
    'What proves that the feed is whole: without it one absence makes no leaver.',
  ),
  where: z
    .array(ConditionFile)
    .min(1)
    .optional()
    .describe('Only rows for which all hold: [ { column: Company, is: ACME } ].'),
  outside: z
    .enum(['keep', 'leaver'])
    .default('keep')
    .describe('What people are of whom no row meets `where`: left alone, or leavers.'),
  onePerson: OnePersonFile.optional().describe(
    'What several rows of one person mean: `fold`, or { prefer: […] }. Without it they are all set aside.',
  ),
  action: ActionFile.optional().describe('For a delta: the column that says what is to be done.'),
  employment: EmploymentFile.optional().describe('Dates between which a person works here.'),
  dates: DatesFile.optional().describe('How the feed writes its dates.'),
  limits: FeedLimitsFile.optional().describe('Bounds on what is read.'),
});

export type FeedFile = z.infer<typeof FeedFile>;

/** One of several feeds. */
export const NamedFeedFile = FeedFile.extend({
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'must be letters, digits, dots, dashes or underscores, 64 at most',
    )
    .describe('What the feed is called in reports; the ledger remembers whose people are whose by it.'),
});
