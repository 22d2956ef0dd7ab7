import type { FeedLimits } from '../domain/settings.ts';
import type { FeedFile } from './feed-schema.ts';
import { sizeBytes } from './quantity.ts';

/** The bounds that hold where the job names none. */
export const defaultFeedLimits: FeedLimits = {
  fileBytes: 4 * 1024 ** 3,
  recordBytes: 1024 ** 2,
  fieldBytes: 64 * 1024,
  columns: 1000,
  jsonDepth: 64,
  gzipRatio: 100,
};

/** The job's bounds over the usual ones. */
export function limitsOf(file: FeedFile['limits']): FeedLimits {
  const size = (text: string | undefined, most: number) => (text === undefined ? most : sizeBytes(text));
  return {
    fileBytes: size(file?.file, defaultFeedLimits.fileBytes),
    recordBytes: Math.min(size(file?.record, defaultFeedLimits.recordBytes), defaultFeedLimits.recordBytes),
    fieldBytes: size(file?.field, defaultFeedLimits.fieldBytes),
    columns: file?.columns ?? defaultFeedLimits.columns,
    jsonDepth: file?.jsonDepth ?? defaultFeedLimits.jsonDepth,
    gzipRatio: file?.gzipRatio ?? defaultFeedLimits.gzipRatio,
  };
}
