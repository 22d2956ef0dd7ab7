/** What is known of a feed once it has been read to its end. */
export interface FeedFacts {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
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
}
