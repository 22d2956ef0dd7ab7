import iconv from 'iconv-lite';
import { bytesOf, type CleanFeed, written } from './clean-feeds.ts';
import type { Random } from './random.ts';

/** A record while it is spoilt: its cells as they stand in the file, and what ends it. */
interface Draft {
  cells: string[];
  end: string;
}

type Spoil = (drafts: Draft[], random: Random, feed: CleanFeed) => Buffer | null | undefined;

/**
 * One known defect each. A defect changes the drafts, or gives the bytes itself; null when the feed has no place for
 * it.
 */
export const defects: Readonly<Record<string, Spoil>> = {
  'opening quote lost': (drafts, random, feed) => inQuotedCell(drafts, random, feed, (cell) => cell.slice(1)),
  'closing quote lost': (drafts, random, feed) =>
    inQuotedCell(drafts, random, feed, (cell) => cell.slice(0, -1)),
  'both quotes lost': (drafts, random, feed) =>
    inQuotedCell(drafts, random, feed, (cell) => cell.slice(1, -1)),
  'escape of a quote lost': (drafts, random, feed) => {
    const { dialect } = feed;
    const pair = `${dialect.escape}${dialect.quote ?? ''}`;
    return inQuotedCell(drafts, random, feed, (cell) => {
      const at = cell.indexOf(pair, 1);
      return at === -1 || at >= cell.length - 2 ? null : cell.slice(0, at) + cell.slice(at + 1);
    });
  },
  'extra quote': (drafts, random, { dialect: { quote } }) =>
    quote === null ? null : inText(drafts, random, (text, at) => text.slice(0, at) + quote + text.slice(at)),
  'extra quote where a cell begins': (drafts, random, { dialect: { quote } }) =>
    quote === null ? null : inCell(drafts, random, (cell) => quote + cell),
  'extra quote where a cell ends': (drafts, random, { dialect: { quote } }) =>
    quote === null ? null : inCell(drafts, random, (cell) => cell + quote),
  'other quotes': (drafts, random, feed) =>
    inQuotedCell(drafts, random, feed, (cell) => {
      const [open, close] = random.of([
        ["'", "'"],
        ['“', '”'],
        ['`', '`'],
        ['"', '"'],
      ] as const);
      return open === feed.dialect.quote ? null : open + cell.slice(1, -1) + close;
    }),
  'another quote at one side': (drafts, random, feed) =>
    inQuotedCell(drafts, random, feed, (cell) =>
      feed.dialect.quote === "'"
        ? `"${cell.slice(1)}`
        : random.below(2) === 0
          ? `'${cell.slice(1)}`
          : `${cell.slice(0, -1)}'`,
    ),
  'extra delimiter': (drafts, random, { dialect: { delimiter } }) =>
    inText(drafts, random, (text, at) => text.slice(0, at) + delimiter + text.slice(at)),
  'delimiter lost': (drafts, random) =>
    inRecord(drafts, random, ({ cells }) => {
      if (cells.length < 2) return null;
      const at = random.below(cells.length - 1);
      cells.splice(at, 2, `${cells[at]}${cells[at + 1]}`);
      return undefined;
    }),
  'another delimiter in a row': (drafts, random, { dialect: { delimiter } }) =>
    inRecord(drafts, random, (draft) => {
      if (draft.cells.length < 2) return null;
      draft.cells = [draft.cells.join(random.of([',', ';', '\t', '|'].filter((one) => one !== delimiter)))];
      return undefined;
    }),
  'another line end': (drafts, random) =>
    inRecord(drafts, random, (draft) => {
      draft.end = random.of(['\n', '\r\n', '\r', '\n\r', '\r\r\n', '\u2028', '\u0085', '\v', '\f']);
    }),
  'line end lost': (drafts, random) =>
    inRecord(drafts, random, (draft) => {
      draft.end = '';
    }),
  'line end inside': (drafts, random, { dialect: { lineEnd } }) =>
    inText(drafts, random, (text, at) => text.slice(0, at) + lineEnd + text.slice(at)),
  'end of a row lost': (drafts, random, { dialect: { delimiter } }) =>
    inRecord(drafts, random, (draft) => {
      const text = draft.cells.join(delimiter);
      draft.cells = [text.slice(0, random.below(text.length))];
      if (random.below(2) === 0) draft.end = '';
    }),
  'cut at a byte': (drafts, random, feed) => {
    const bytes = join(drafts, feed);
    return bytes.subarray(0, random.below(bytes.length));
  },
  'cut in the last row': (drafts, random, feed) => {
    const bytes = join(drafts, feed);
    return bytes.subarray(0, bytes.length - 1 - random.below(30));
  },
  'beginning lost': (drafts, random, feed) => {
    const bytes = join(drafts, feed);
    return bytes.subarray(1 + random.below(bytes.length - 1));
  },
  'header again': (drafts, random) => {
    const [header] = drafts;
    if (header !== undefined) drafts.splice(1 + random.below(drafts.length), 0, header);
  },
  'two files joined': (drafts, random, feed) => {
    const bytes = join(drafts, feed);
    const at = 1 + random.below(drafts.length - 2);
    const head = join(drafts.slice(0, at), feed);
    const tail = join([...drafts.slice(0, 1), ...drafts.slice(at)], feed);
    return bytes.length === 0 ? null : Buffer.concat([head, tail]);
  },
  'blank lines': (drafts, random, { dialect: { lineEnd } }) =>
    inRecord(drafts, random, (draft) => {
      draft.end += random.of([lineEnd, `  ${lineEnd}`, lineEnd + lineEnd, `\t${lineEnd}`]);
    }),
  'text at the end': (drafts, random, { dialect: { lineEnd } }) => {
    const text = random.of([
      '(24 rows affected)',
      '-- end of export --',
      'Total: 24',
      'Exported by HR, 2026',
      '"',
      '\u001a',
    ]);
    drafts.push({ cells: [text], end: random.of([lineEnd, '']) });
  },
  'text before the header': (drafts, random, { dialect: { lineEnd } }) => {
    drafts.unshift({
      cells: [random.of(['Employees', 'Report of 2026, all', 'sep=;', '"Confidential"'])],
      end: lineEnd,
    });
  },
  'mark inside': (drafts, random) => {
    const where = random.below(3);
    if (where === 0)
      return inText(drafts, random, (text, at) => `${text.slice(0, at)}\ufeff${text.slice(at)}`);
    return inRecord(drafts, random, (draft) => {
      draft.cells[0] = `\ufeff${draft.cells[0]}`;
    });
  },
  'NUL inside': (drafts, random) =>
    inText(drafts, random, (text, at) => `${text.slice(0, at)}\u0000${text.slice(at)}`),
  'control character inside': (drafts, random) =>
    inText(drafts, random, (text, at) => {
      const strange = random.of(['\u0001', '\u001b', '\u007f', '\b', '\u0085', '\v', '\f']);
      return text.slice(0, at) + strange + text.slice(at);
    }),
  'replacement character': (drafts, random) =>
    inText(drafts, random, (text, at) => `${text.slice(0, at)}\ufffd${text.slice(at + 1)}`),
  'another encoding': (drafts, random, feed) => {
    const { encoding } = feed.dialect;
    const other = random.of(
      ['utf-8', 'windows-1252', 'utf-16le', 'utf-16be'].filter((one) => one !== encoding),
    );
    return iconv.encode(textOf(drafts, feed), other);
  },
  'another encoding of a row': (drafts, random, feed) => {
    const { encoding } = feed.dialect;
    const other = encoding === 'utf-8' ? 'windows-1252' : encoding === 'utf-16le' ? 'utf-8' : 'utf-16le';
    const at = 1 + random.below(drafts.length - 1);
    const parts = [drafts.slice(0, at), drafts.slice(at, at + 1), drafts.slice(at + 1)] as const;
    const [before, spoilt, after] = parts.map((part) => textOf(part, feed));
    const { dialect } = feed;
    const rest = { ...dialect, byteOrderMark: false };
    return Buffer.concat([
      bytesOf(before ?? '', dialect),
      iconv.encode(spoilt ?? '', other),
      bytesOf(after ?? '', rest),
    ]);
  },
  'byte lost': (drafts, random, feed) => {
    const bytes = join(drafts, feed);
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
  },
  'byte changed': (drafts, random, feed) => {
    const bytes = Buffer.from(join(drafts, feed));
    bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  'hole of zeros': (drafts, random, feed) => {
    const bytes = Buffer.from(join(drafts, feed));
    const at = random.below(bytes.length);
    return bytes.fill(0, at, Math.min(bytes.length, at + 1 + random.below(300)));
  },
  'columns swapped': (drafts, random) =>
    inRecord(drafts, random, ({ cells }) => {
      if (cells.length < 2) return null;
      cells.reverse();
      return undefined;
    }),
};

/** The feed with a defect; null when it has no place for it. */
export function spoil(feed: CleanFeed, defect: string, random: Random): Buffer | null {
  const drafts = draftsOf(feed);
  const bytes = defects[defect]?.(drafts, random, feed);
  return bytes === undefined ? join(drafts, feed) : bytes;
}

/** The feed as it is. */
export function soundBytes(feed: CleanFeed): Buffer {
  return join(draftsOf(feed), feed);
}

function draftsOf(feed: CleanFeed): Draft[] {
  return feed.records.map((cells) => ({
    cells: cells.map((cell) => written(cell, feed)),
    end: feed.dialect.lineEnd,
  }));
}

function textOf(drafts: readonly Draft[], { dialect: { delimiter } }: CleanFeed): string {
  return drafts.map(({ cells, end }) => cells.join(delimiter) + end).join('');
}

function join(drafts: readonly Draft[], feed: CleanFeed): Buffer {
  return bytesOf(textOf(drafts, feed), feed.dialect);
}

/** One in twenty defects is in the header. */
function chosen(drafts: Draft[], random: Random): Draft {
  const at = random.below(20) === 0 ? 0 : 1 + random.below(drafts.length - 1);
  const draft = drafts[at];
  if (draft === undefined) throw new Error('The feed has no rows.');
  return draft;
}

function inRecord(drafts: Draft[], random: Random, change: (draft: Draft) => unknown): null | undefined {
  return change(chosen(drafts, random)) === null ? null : undefined;
}

function inCell(drafts: Draft[], random: Random, change: (cell: string) => string): undefined {
  const { cells } = chosen(drafts, random);
  const at = random.below(cells.length);
  cells[at] = change(cells[at] ?? '');
}

function inQuotedCell(
  drafts: Draft[],
  random: Random,
  { dialect: { quote } }: CleanFeed,
  change: (cell: string) => string | null,
): null | undefined {
  if (quote === null) return null;
  const places = drafts.flatMap((draft) =>
    draft.cells.flatMap((cell, at) =>
      cell.length > 1 && cell.startsWith(quote) ? [{ draft, at, cell }] : [],
    ),
  );
  if (places.length === 0) return null;
  const { draft, at, cell } = random.of(places);
  const changed = change(cell);
  if (changed === null) return null;
  draft.cells[at] = changed;
  return undefined;
}

/** Changes a place in one of a record's cells, or between two of its characters. */
function inText(drafts: Draft[], random: Random, change: (text: string, at: number) => string): undefined {
  const { cells } = chosen(drafts, random);
  const at = random.below(cells.length);
  const cell = cells[at] ?? '';
  cells[at] = change(cell, random.below(cell.length + 1));
}
