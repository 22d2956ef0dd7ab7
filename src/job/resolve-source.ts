import { resolve } from 'node:path';
import type { Afterwards, Delivery, FeedSource } from '../domain/settings.ts';
import type { FeedFile } from './feed-schema.ts';
import type { Report } from './problem.ts';
import { durationMs } from './quantity.ts';
import { fieldOf, isRecord } from './record.ts';

/** Reports what the fields about the feed's place say that cannot be meant. */
export function checkSource(raw: unknown, path: string | undefined, report: Report): void {
  const hasCommand = fieldOf(raw, 'command') !== undefined;
  if (isRecord(raw) && (raw.path === undefined) === !hasCommand) {
    report({
      path: ['path'],
      message: hasCommand ? '`path` and `command` exclude each other' : '`path` is missing',
      hint: 'Name the file of wanted users, or a command that writes it to its standard output.',
    });
  }
  const isFile = path !== undefined && path !== '-';
  if (fieldOf(raw, 'pick') !== undefined && !(isFile && isPattern(path))) {
    report({
      path: ['pick'],
      at: 'key',
      message: '`pick` chooses among the files of a pattern',
      hint: 'Give `path` a pattern such as "inbox/hr-*.csv", or take `pick` out.',
    });
  }
  for (const field of ['ready', 'maxAge', 'whenSettled']) {
    if (fieldOf(raw, field) === undefined || isFile || (path === undefined && !hasCommand)) continue;
    report({
      path: [field],
      at: 'key',
      message: `\`${field}\` says something of files only`,
      hint: 'Take it out, or name a file in `path`.',
    });
  }
  if (fieldOf(raw, 'commandTimeout') !== undefined && !hasCommand) {
    report({
      path: ['commandTimeout'],
      at: 'key',
      message: '`commandTimeout` says nothing without `command`',
      hint: 'Take it out, or give the `command`.',
    });
  }
  checkWait(fieldOf(raw, 'ready'), report);
  const full = fieldOf(raw, 'mode') !== 'delta';
  if (full && fieldOf(raw, 'pick') === 'all') {
    report({
      path: ['pick'],
      message: '`all` is for deltas: of full feeds only one speaks of everybody',
      hint: 'Say `pick: newest`, or list the files as `feeds` of their own.',
    });
  }
}

function checkWait(ready: unknown, report: Report): void {
  if (!isRecord(ready) || ready.marker !== undefined || ready.stable !== undefined) return;
  report({
    path: ['ready'],
    at: 'key',
    message: '`ready` needs `marker` or `stable`: nothing says what is waited for',
    hint: 'Say `ready: { marker: "*.done", wait: 10m }` or `ready: { stable: 30s, wait: 10m }`.',
  });
}

/** Where the bytes come from, its paths made absolute. */
export function resolveSource(file: FeedFile, directory: string): FeedSource {
  if (file.command !== undefined) {
    const timeoutMs = durationMs(file.commandTimeout ?? '10m');
    return { kind: 'command', command: file.command, directory, timeoutMs };
  }
  if (file.path === undefined || file.path === '-') return { kind: 'stdin' };
  if (!isPattern(file.path)) return { kind: 'file', path: resolve(directory, file.path) };
  const pick = file.pick ?? (file.mode === 'delta' ? 'all' : 'newest');
  return { kind: 'pattern', directory, pattern: file.path, pick };
}

/** What people call the place. */
export function placeOf(source: FeedSource): string {
  switch (source.kind) {
    case 'file':
      return source.path;
    case 'pattern':
      return resolve(source.directory, source.pattern);
    case 'stdin':
      return '-';
    case 'command':
      // Arguments may hold what no report should.
      return source.command[0] ?? '';
  }
}

/** How it is told that the file is complete. */
export function resolveDelivery(ready: FeedFile['ready'], directory: string): Delivery {
  return {
    marker: ready?.marker === undefined ? null : markerOf(ready.marker, directory),
    stableMs: durationMs(ready?.stable ?? '0s'),
    waitMs: durationMs(ready?.wait ?? '0s'),
  };
}

/** `*` stands for the feed's path, which is absolute already. */
function markerOf(marker: string, directory: string): string {
  return marker.startsWith('*') ? marker : resolve(directory, marker);
}

/** What becomes of the file. */
export function afterwardsOf(file: FeedFile['whenSettled'], directory: string): Afterwards {
  return typeof file === 'string'
    ? { kind: file }
    : { kind: 'archive', directory: resolve(directory, file.archive) };
}

function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}
