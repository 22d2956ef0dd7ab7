import { resolve } from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { FeedSettings } from '../domain/settings.ts';
import type { Job } from './job.ts';
import { didYouMean } from './nearest.ts';
import { extensionOf, formatOfPath, resolveDelimiter } from './resolve-format.ts';

/**
 * The job with other files in place of its feeds' own: a mended rejects file for instance, which nobody has to lay
 * where the feed lies. The format goes by the file's extension, so that the rejects of a JSON feed are read as CSV. A
 * file named so is neither waited for nor moved, and its age does not matter.
 *
 * @param files `FILE`, or `NAME=FILE` for a job with several feeds; relative to the working directory
 * @throws Failure (exit 1): `FEED_UNKNOWN`, `FEED_NOT_NAMED`, `STATE_FILE_FORMAT`
 */
export function withOtherFeeds(job: Job, files: readonly string[]): Job {
  return files.reduce(withOtherFeed, job);
}

function withOtherFeed(job: Job, text: string): Job {
  const [name, file] = namedFile(job, text);
  const feeds = job.feeds.map((feed) => (feed.name === name ? otherFeed(feed, file) : feed));
  if (job.state.from === 'file' && feeds[0]?.format !== job.feeds[0]?.format) throw otherFormat(file);
  return { ...job, feeds };
}

/** Only jobs with several feeds have names for them, so that a path with an equals sign stays one. */
function namedFile({ feeds }: Job, text: string): readonly [name: string, file: string] {
  const names = feeds.map(({ name }) => name);
  if (names.length === 1 && names[0] === '') return ['', text];
  const [name = '', ...file] = text.split('=');
  if (file.length === 0) throw notNamed(names);
  if (!names.includes(name)) throw unknown(name, names);
  return [name, file.join('=')];
}

function otherFeed(feed: FeedSettings, file: string): FeedSettings {
  const isStdin = file === '-';
  const path = isStdin ? '-' : resolve(file);
  const source = isStdin ? ({ kind: 'stdin' } as const) : ({ kind: 'file', path } as const);
  const isAlike = isStdin || extensionOf(path) === extensionOf(feed.path);
  const format = (isAlike ? undefined : formatOfPath(path)) ?? feed.format;
  const other: FeedSettings = {
    ...feed,
    path,
    source,
    delivery: { marker: null, stableMs: 0, waitMs: 0 },
    maxAgeMs: null,
    afterwards: { kind: 'leave' },
    optional: false,
  };
  if (format === feed.format) return other;
  return {
    ...other,
    format,
    encoding: 'auto',
    delimiter: resolveDelimiter(undefined, path),
    quote: '"',
    escape: '"',
    recordsAt: null,
    sheet: null,
  };
}

function notNamed(names: readonly string[]): Failure {
  return new Failure({
    code: 'FEED_NOT_NAMED',
    message: 'The job has several feeds, so --feed has to say which one the file stands for.',
    hint: `Say --feed NAME=FILE. Known here: ${names.join(', ')}`,
    exit: 1,
  });
}

function unknown(name: string, names: readonly string[]): Failure {
  return new Failure({
    code: 'FEED_UNKNOWN',
    message: `The job has no feed \`${name}\`${didYouMean(name, names)}`,
    hint: `Known here: ${names.join(', ')}`,
    exit: 1,
  });
}

function otherFormat(file: string): Failure {
  return new Failure({
    code: 'STATE_FILE_FORMAT',
    message: `The file ${file} has another format than the job's feed, and the file of the present users is read like it.`,
    hint: 'Use --state target, or write a job of its own for this file.',
    exit: 1,
  });
}
