import iconv from 'iconv-lite';
import type { CleanFeed } from './clean-feeds.ts';

// What no cell of a feed means to hold; line ends and tabs are ordinary.
const strange = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffd]/;

/**
 * Whether bytes are a feed in the dialect in which nothing is odd: every record of the header's width and with a line
 * end, quotes only where they may be. What a defect changed in such a file can be told from its bytes by nobody.
 * Made on its own, after RFC 4180, so that it does not share mistakes with the reader.
 */
export function isWellFormed(bytes: Buffer, feed: CleanFeed): boolean {
  const { dialect, records } = feed;
  const text = iconv.decode(bytes, dialect.encoding, { stripBOM: true });
  if (!sameBytes(text, bytes, dialect.encoding) || strange.test(text)) return false;
  const read = parse(text, dialect);
  if (read === null) return false;
  const [header = [], ...rows] = read.filter((cells) => cells.length > 1 || cells[0]?.trim() !== '');
  const names = records[0] ?? [];
  if (header.length < names.length || !names.every((name) => header.some((cell) => cell.trim() === name)))
    return false;
  return rows.every(
    (cells) =>
      cells.length === header.length &&
      cells[0]?.startsWith('\ufeff') !== true &&
      !cells.every((cell, at) => cell.trim() === header[at]?.trim()),
  );
}

/** Whether the encoding can write the text as it was read. */
function sameBytes(text: string, bytes: Buffer, encoding: string): boolean {
  if (encoding === 'windows-1252')
    return !isUtf8Beyond(bytes) && ![0x81, 0x8d, 0x8f, 0x90, 0x9d].some((one) => bytes.includes(one));
  const again = Buffer.from(text, encoding === 'utf-8' ? 'utf8' : 'utf16le');
  return bytes.subarray(bytes.length - again.length).equals(again) && bytes.length - again.length <= 3;
}

function isUtf8Beyond(bytes: Buffer): boolean {
  return bytes.some((byte) => byte >= 0x80) && Buffer.from(bytes.toString()).equals(bytes);
}

type Dialect = Pick<CleanFeed['dialect'], 'delimiter' | 'quote' | 'escape'>;

/** The records, or null when the text is not strictly in the dialect. */
function parse(text: string, dialect: Dialect): string[][] | null {
  const { delimiter, quote } = dialect;
  const records: string[][] = [];
  let cells: string[] = [];
  let at = 0;
  while (at < text.length) {
    const cell =
      quote !== null && text[at] === quote
        ? quoted(text, at, quote, dialect.escape)
        : bare(text, at, delimiter, quote);
    if (cell === null) return null;
    cells.push(cell.text);
    at = cell.end;
    if (text[at] === delimiter) {
      at += 1;
      // A delimiter at the very end has an empty cell behind it, and no line end.
      if (at === text.length) return null;
      continue;
    }
    const end = /^(?:\r\n|\n|\r)/.exec(text.slice(at, at + 2))?.[0];
    if (end === undefined) return null;
    at += end.length;
    records.push(cells);
    cells = [];
  }
  return records;
}

interface ReadCell {
  readonly text: string;
  readonly end: number;
}

function quoted(text: string, start: number, quote: string, mark: string): ReadCell | null {
  let at = start + 1;
  let cell = '';
  for (; at < text.length; at += 1) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    if (character === mark && (next === quote || (mark !== quote && next !== ''))) {
      cell += next;
      at += 1;
    } else if (character === quote) {
      return { text: cell, end: at + 1 };
    } else {
      cell += character;
    }
  }
  return null;
}

function bare(text: string, start: number, delimiter: string, quote: string | null): ReadCell | null {
  let at = start;
  while (at < text.length && ![delimiter, '\n', '\r'].includes(text.charAt(at))) at += 1;
  const cell = text.slice(start, at);
  return quote !== null && cell.includes(quote) ? null : { text: cell, end: at };
}
