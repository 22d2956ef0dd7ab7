import { Failure } from '../domain/failure.ts';
import type { FeedFacts } from '../domain/feed-facts.ts';
import type { Cell, ExcludedRow, Person, QuarantinedRow } from '../domain/person.ts';
import type { FeedSettings } from '../domain/settings.ts';
import { usedHeaders } from '../domain/used-headers.ts';
import { type FeedFile, findFeedFile, newTally, readContent } from './feed-file.ts';
import type { FeedRecord, FeedShape, ReaderOptions } from './feed-record.ts';
import { formOf } from './feed-form.ts';
import { findFiles } from './find-files.ts';
import { type FeedKeys, type MappedRow, RecordMapper } from './map-record.ts';
import { readRecords } from './read-records.ts';
import { type FoundTrailer, judgeWhole, wholeNumbers } from './wholeness.ts';

/**
 * So few people at a time need less memory than many: `pieceBytes` of the CSV reader says why. Rows set aside are
 * few and wait for company, since each batch of them is written to disk.
 */
const peopleAtOnce = 64;
const setAsideAtOnce = 500;

/** Some rows of the feed: each is in exactly one of the three, and all are in the order of the feed. */
export interface FeedBatch {
  readonly people: readonly Person[];
  readonly quarantined: readonly QuarantinedRow[];
  readonly excluded: readonly ExcludedRow[];
}

export interface FeedReading {
  /** At most some hundred rows each. Can be read once; memory does not grow with the feed. */
  readonly batches: AsyncIterable<FeedBatch>;
  /** What is odd about the header and does no harm, one sentence each. */
  readonly warnings: readonly string[];
  /** What is known of the feed; only after the batches have ended. */
  facts(): FeedFacts;
}

export interface FeedOptions {
  /** What is read; the file at the settings' path when absent. */
  readonly file?: FeedFile;
  /** The moment that the job's employment dates are compared with, ISO 8601; the present when absent. */
  readonly asOf?: string;
}

/**
 * Opens the feed and checks its header. The rows come in batches, each as a person or set aside with a reason.
 *
 * @throws Failure (exit 1), here or while the batches are read: `FEED_MISSING`, `FEED_DIRECTORY`,
 * `FEED_UNREADABLE`, `FEED_HEADER`, `FEED_ENCODING`, `FEED_JSON`, `FEED_GZIP`, `FEED_TOO_LARGE`, `FEED_CHANGED`
 */
export async function openFeed(
  settings: FeedSettings,
  keys: FeedKeys,
  options: FeedOptions = {},
): Promise<FeedReading> {
  const file = options.file ?? (await findFeedFile(settings.path));
  const { warnings } = await readStart(file, settings, keys);
  const pass = new Pass(file, settings, keys, options.asOf);
  return { batches: pass.batches(), warnings, facts: () => pass.facts() };
}

/** What the first rows of a feed show. */
export interface FeedStart {
  /** The headers found; none for an empty feed, and none where no file lies ready. */
  readonly headers: readonly string[];
  /** What is odd about the header and does no harm, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Checks that the feed can be opened and that its header, or its first records, fit the job.
 *
 * @throws Failure as `openFeed` does
 */
export async function checkFeed(settings: FeedSettings, keys: FeedKeys): Promise<FeedStart> {
  const file = await fileAtHand(settings);
  return file === null ? { headers: [], warnings: [] } : readStart(file, settings, keys);
}

/** The file that the next run would read; null for standard input and a command, which are left alone. */
async function fileAtHand({ source, delivery }: FeedSettings): Promise<FeedFile | null> {
  if (source.kind === 'stdin' || source.kind === 'command') return null;
  const [file] = await findFiles(source, delivery);
  return file ?? null;
}

/** Some rows as they come, and what the job makes of them. */
export interface FeedSample {
  /** Headers of a row's cells. */
  readonly headers: readonly string[];
  readonly rows: readonly MappedRow[];
}

/**
 * The first rows of the feed, mapped one by one: whether several of them are one person is not looked at.
 *
 * @throws Failure as `openFeed` does
 */
export async function sampleFeed(
  settings: FeedSettings,
  keys: FeedKeys,
  options: FeedOptions & { readonly rowsMax: number },
): Promise<FeedSample> {
  const file = options.file ?? (await fileAtHand(settings));
  if (file === null) return { headers: usedHeaders(settings), rows: [] };
  const pass = new Pass(file, settings, keys, options.asOf);
  return { headers: usedHeaders(settings), rows: await pass.first(options.rowsMax) };
}

async function readStart(file: FeedFile, settings: FeedSettings, keys: FeedKeys): Promise<FeedStart> {
  const pass = new Pass(file, settings, keys);
  const batches = pass.batches();
  try {
    // The second call ends a feed of one batch, and with it come the checks that need the end.
    if ((await batches.next()).done !== true) await batches.next();
  } finally {
    await batches.return(undefined);
  }
  return pass.shape;
}

/** A batch while it fills. */
interface Batch {
  readonly people: Person[];
  readonly quarantined: QuarantinedRow[];
  readonly excluded: ExcludedRow[];
}

/** One reading of the feed, from its first byte to its last. */
class Pass {
  readonly shape: FeedShape = { headers: [], partial: false, warnings: [] };
  readonly #file: FeedFile;
  readonly #settings: FeedSettings;
  readonly #headers: readonly string[];
  readonly #mapper: RecordMapper;
  readonly #headerAliases: ReaderOptions['headerAliases'];
  #rows = 0;
  #excluded = 0;
  #readable = 0;
  readonly #empty: number[];
  #trailer: FoundTrailer | null = null;
  #facts: FeedFacts | null = null;

  constructor(file: FeedFile, settings: FeedSettings, keys: FeedKeys, asOf = new Date().toISOString()) {
    this.#file = file;
    this.#settings = settings;
    this.#headers = usedHeaders(settings);
    this.#empty = this.#headers.map(() => 0);
    this.#mapper = new RecordMapper(settings, this.#headers, keys, asOf);
    this.#headerAliases = keys.headerAliases ?? {};
  }

  facts(): FeedFacts {
    if (this.#facts === null)
      throw new Error('The facts of a feed are known only when its batches have ended.');
    return this.#facts;
  }

  async *batches(): AsyncGenerator<FeedBatch> {
    const tally = newTally();
    const bytes = readContent(this.#file, tally, this.#settings.limits);
    let batch: Batch = { people: [], quarantined: [], excluded: [] };
    try {
      for await (const records of this.#records(bytes)) {
        for (const record of records) {
          this.#take(record, batch);
          if (batch.quarantined.length + batch.excluded.length === setAsideAtOnce) {
            yield batch;
            batch = { people: [], quarantined: [], excluded: [] };
          } else if (batch.people.length === peopleAtOnce) {
            yield { people: batch.people, quarantined: [], excluded: [] };
            batch = { ...batch, people: [] };
          }
        }
      }
      if (batch.people.length + batch.quarantined.length + batch.excluded.length > 0) yield batch;
      this.#facts = await this.#conclude(tally.hash.digest('hex'), tally.bytes);
    } catch (error) {
      throw naming(this.#file, error);
    }
  }

  #records(bytes: AsyncIterable<Buffer>): AsyncIterable<readonly FeedRecord[]> {
    return readRecords(bytes, this.#settings, {
      headers: this.#headers,
      headerAliases: this.#headerAliases,
      shape: this.shape,
    });
  }

  async first(rowsMax: number): Promise<readonly MappedRow[]> {
    const rows: MappedRow[] = [];
    try {
      const bytes = readContent(this.#file, newTally(), this.#settings.limits);
      for await (const records of this.#records(bytes)) {
        rows.push(...records.flatMap((record) => this.#map(record) ?? []));
        if (rows.length >= rowsMax) break;
      }
    } catch (error) {
      throw naming(this.#file, error);
    }
    return rows.slice(0, rowsMax);
  }

  #take(record: FeedRecord, batch: Batch): void {
    const mapped = this.#map(record);
    if (mapped === null) return;
    if ('code' in mapped) {
      batch.quarantined.push(mapped);
    } else if ('reason' in mapped) {
      batch.excluded.push(mapped);
      this.#excluded += 1;
    } else {
      batch.people.push(mapped);
    }
  }

  /** Null for a trailer, which is no row. */
  #map(record: FeedRecord): MappedRow | null {
    if (this.#trailer !== null) this.#trailer = { ...this.#trailer, last: false };
    if (record.trailer !== null) {
      this.#trailer = { numbers: wholeNumbers(record.trailer.slice(1)), last: this.#trailer === null };
      return null;
    }
    this.#rows += 1;
    if (record.fault === null) this.#countEmpty(record.cells);
    return this.#mapper.map(record);
  }

  #countEmpty(cells: readonly Cell[]): void {
    this.#readable += 1;
    for (let position = 0; position < cells.length; position += 1) {
      if (isEmptyCell(cells[position])) this.#empty[position] = (this.#empty[position] ?? 0) + 1;
    }
  }

  async #conclude(sha256: string, bytes: number): Promise<FeedFacts> {
    const { name, modifiedAt } = this.#file;
    const { partial } = this.shape;
    // A proof speaks of the feed as it was delivered, not of the rows that were mended afterwards.
    const judged = partial
      ? ({ whole: 'unproven', contradiction: null } as const)
      : await judgeWhole(this.#settings.whole, {
          path: name,
          rows: this.#rows,
          sha256,
          trailer: this.#trailer,
        });
    return {
      path: name,
      sha256,
      bytes,
      modifiedAt,
      rows: this.#rows,
      excluded: this.#excluded,
      partial,
      ...judged,
      columns: this.#headers,
      headers: this.shape.headers,
      empty: this.#empty,
      readable: this.#readable,
      form: formOf(this.#settings, this.#headers, this.shape.text),
    };
  }
}

const space = 0x20;

/** Without looking at each character of a cell that begins with one. */
function isEmptyCell(cell: Cell | undefined): boolean {
  if (cell === undefined || cell.length === 0) return true;
  return typeof cell === 'string' && cell.charCodeAt(0) <= space && cell.trim() === '';
}

/** Readers see text and not files, so here their failures learn which file it was. */
function naming({ name }: FeedFile, error: unknown): unknown {
  const place = name === '-' ? 'standard input' : name;
  if (!(error instanceof Failure) || error.message.includes(place)) return error;
  const { code, exit, message, hint } = error;
  return new Failure({
    code,
    exit,
    message: `${place}: ${message}`,
    ...(hint === null ? {} : { hint }),
    cause: error,
  });
}
