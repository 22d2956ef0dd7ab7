import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { FeedFacts } from '../domain/feed-facts.ts';
import type { Wholeness } from '../domain/settings.ts';

const manifestBytesMax = 1024 * 1024;

/** What was read, for the proofs to agree or disagree with. */
export interface ReadFeed {
  /** The feed's path, by which a list of hashes names it. */
  readonly path: string;
  readonly rows: number;
  readonly sha256: string;
  readonly trailer: FoundTrailer | null;
}

export interface FoundTrailer {
  /** The whole numbers in the trailer's cells: one of them is the row count. */
  readonly numbers: readonly number[];
  /** False when records came after it. */
  readonly last: boolean;
}

interface Manifest {
  readonly rows: number | null;
  readonly sha256: string | null;
}

/**
 * Whether the given proofs show that the feed is whole. All of those given must agree; a proof that is missing
 * or unreadable contradicts.
 */
export async function judgeWhole(
  whole: Wholeness,
  read: ReadFeed,
): Promise<Pick<FeedFacts, 'whole' | 'contradiction'>> {
  const contradictions: string[] = [];
  if (whole.rows !== null && whole.rows !== read.rows) {
    contradictions.push(`the job says ${whole.rows} rows, the feed has ${read.rows}`);
  }
  if (whole.manifest !== null) contradictions.push(...(await judgeManifest(whole.manifest, read)));
  if (whole.trailer !== null) contradictions.push(...judgeTrailer(read));
  if (contradictions.length > 0) return { whole: 'contradicted', contradiction: contradictions.join('; ') };
  const given = whole.rows !== null || whole.manifest !== null || whole.trailer !== null;
  return { whole: given ? 'proven' : 'unproven', contradiction: null };
}

/** The whole numbers among a trailer's cells. */
export function wholeNumbers(cells: readonly string[]): number[] {
  return cells.map(wholeNumber).filter((number) => number !== null);
}

function judgeTrailer({ trailer, rows }: ReadFeed): string[] {
  if (trailer === null) return [`the trailer record is missing after ${rows} rows`];
  if (!trailer.last) return ['records come after the trailer record'];
  if (trailer.numbers.length === 0) return ['the trailer record states no row count'];
  if (trailer.numbers.includes(rows)) return [];
  return [`the trailer record says ${trailer.numbers.join(' or ')} rows, the feed has ${rows}`];
}

async function judgeManifest(path: string, read: ReadFeed): Promise<string[]> {
  const text = await readManifest(path);
  if (text === null) return ['the manifest is missing or cannot be read'];
  const manifest = parseManifest(text, basename(read.path));
  if (manifest.rows === null && manifest.sha256 === null) {
    return ['the manifest states neither a row count nor a SHA-256 of the feed'];
  }
  const contradictions: string[] = [];
  if (manifest.rows !== null && manifest.rows !== read.rows) {
    contradictions.push(`the manifest says ${manifest.rows} rows, the feed has ${read.rows}`);
  }
  if (manifest.sha256 !== null && manifest.sha256 !== read.sha256) {
    contradictions.push("the manifest's SHA-256 is not that of the feed");
  }
  return contradictions;
}

async function readManifest(path: string): Promise<string | null> {
  try {
    await using handle = await open(path, 'r');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(manifestBytesMax), 0, manifestBytesMax, 0);
    return new TextDecoder().decode(buffer.subarray(0, bytesRead));
  } catch {
    return null;
  }
}

/** JSON with `rows`, `rowCount` or `count` and `sha256`; what `sha256sum` writes; or a number alone. */
function parseManifest(text: string, feedName: string): Manifest {
  const alone = wholeNumber(text);
  if (alone !== null) return { rows: alone, sha256: null };
  const json = parseObject(text);
  if (json === null) return { rows: null, sha256: listedHash(text, feedName) };
  const rows = json.rows ?? json.rowCount ?? json.count;
  const { sha256 } = json;
  return {
    rows: typeof rows === 'number' || typeof rows === 'string' ? wholeNumber(String(rows)) : null,
    sha256: typeof sha256 === 'string' ? sha256.trim().toLowerCase() : null,
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** The feed's hash in a list of hashes; a list of one needs no name. */
function listedHash(text: string, feedName: string): string | null {
  const lines = text
    .split('\n')
    .map((line) => /^\\?([0-9a-f]{64})(?:\s+\*?(.+?))?\s*$/i.exec(line))
    .filter((match) => match !== null);
  const named = lines.find((match) => match[2] !== undefined && basename(match[2]) === feedName);
  const only = lines.length === 1 ? lines[0] : undefined;
  return (named ?? only)?.[1]?.toLowerCase() ?? null;
}

function wholeNumber(text: string): number | null {
  return /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : null;
}
