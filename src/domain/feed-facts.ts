/** What is known of a feed once it has been read to its end. */
export interface FeedFacts {
  /** Path of the file, `-`, or the command. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** When the file was last written, ISO 8601; null for what was no file, such as standard input. */
  readonly modifiedAt: string | null;
  /** Records, the header and a trailer not counted. */
  readonly rows: number;
  /** Rows that are sound and ask for nothing: outside the job's conditions, or not due yet. */
  readonly excluded: number;
  /** True for a mended rejects file: it names only some people, so nobody is a leaver by it. */
  readonly partial: boolean;
  /** Whether a row count, a hash or a trailer record showed that nothing is missing. */
  readonly whole: 'proven' | 'unproven' | 'contradicted';
  /** What a contradicting proof said, for people; null otherwise. */
  readonly contradiction: string | null;
  /** Headers of the mapped columns, in the order of a row's cells. */
  readonly columns: readonly string[];
  /** All names of the header; for JSON, those that any record had. */
  readonly headers: readonly string[];
  /** How many of the rows that could be read have an empty cell there, in the order of `columns`. */
  readonly empty: readonly number[];
  /** Rows that could be read as a record, whatever became of them. */
  readonly readable: number;
  /** How a file is written that this feed's reader takes as it takes the feed: CSV where the feed is none. */
  readonly form: FeedForm;
}

/** How records become bytes. */
export interface FeedForm {
  /** Canonical label of the WHATWG encoding standard. */
  readonly encoding: string;
  readonly byteOrderMark: boolean;
  readonly delimiter: string;
  /** Null: nothing encloses a cell. */
  readonly quote: string | null;
  readonly escape: string;
  /** What stands between the values of a cell that was a list, in the order of the columns. */
  readonly separators: readonly string[];
}
