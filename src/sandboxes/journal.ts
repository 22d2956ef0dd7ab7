import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { fileFailure, systemReason } from './file-failure.ts';
import { type Line, readLines } from './read-lines.ts';

/** One write of one user that the sandbox accepted or refused. */
export interface JournalEntry {
  /** The vendor's operation, such as `update` or `assign-role`. */
  readonly op: string;
  /** The login as it is stored; as it was sent when nobody has it. */
  readonly key: string;
  /** The role or group that the write is about; null when it is about the user alone. */
  readonly subject: string | null;
  /** `accepted`, or the code of the refusal. */
  readonly status: string;
  /** The user before and after, without any password; null when there is none. */
  readonly before: object | null;
  readonly after: object | null;
}

const JournalLine = z.object({
  seq: z.int().positive(),
  at: z.string(),
  op: z.string(),
  key: z.string(),
  subject: z.string().nullable(),
  status: z.string(),
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
});
export type JournalLine = z.infer<typeof JournalLine>;

export const accepted = 'accepted';

/**
 * The append-only NDJSON file of every write. A line is written before the sandbox changes its mind about the
 * user and before the answer leaves, so a killed sandbox remembers all that it has confirmed.
 */
export class Journal {
  readonly #path: string | null;
  #descriptor: number | null = null;
  #seq = 0;

  /** `path` null: the sandbox forgets everything when it ends. */
  constructor(path: string | null) {
    this.#path = path;
  }

  /** Opens the file and hands over, in order, every accepted write that it holds. Called once, before `append`. */
  async open(recall: (line: JournalLine) => void): Promise<void> {
    if (this.#path === null) {
      return;
    }
    this.#descriptor = openForAppending(this.#path);
    let last: Line | null = null;
    for await (const line of readLines(this.#path)) {
      last = line;
      const parsed = parseLine(this.#path, line);
      if (parsed === null) {
        // A sandbox killed in the middle of a write leaves half a line, which nobody was told about.
        ftruncateSync(this.#descriptor, line.offset);
        return;
      }
      this.#seq = parsed.seq;
      if (parsed.status === accepted) {
        this.#recall(parsed, recall, line.number);
      }
    }
    if (last?.ended === false) {
      writeSync(this.#descriptor, '\n');
    }
  }

  #recall(line: JournalLine, recall: (line: JournalLine) => void, number: number): void {
    try {
      recall(line);
    } catch (error) {
      throw notOurs(this.#path ?? '', number, error);
    }
  }

  append(entry: JournalEntry): void {
    this.#seq += 1;
    if (this.#descriptor === null) {
      return;
    }
    const line = { seq: this.#seq, at: new Date().toISOString(), ...entry };
    writeSync(this.#descriptor, `${JSON.stringify(line)}\n`);
  }

  close(): void {
    if (this.#descriptor !== null) {
      closeSync(this.#descriptor);
      this.#descriptor = null;
    }
  }
}

function openForAppending(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a', 0o600);
  } catch (error) {
    throw fileFailure('journal', path, systemReason(error), { cause: error });
  }
}

/** The line, or null when it is the torn end of the file. */
function parseLine(path: string, line: Line): JournalLine | null {
  const parsed = JournalLine.safeParse(parseJson(line.text));
  if (parsed.success) {
    return parsed.data;
  }
  if (!line.ended) {
    return null;
  }
  throw notOurs(path, line.number, parsed.error);
}

function notOurs(path: string, number: number, cause: unknown): Error {
  return fileFailure('journal', path, `line ${number} is no line that this sandbox has written`, {
    hint: 'Name another file, or move this one away to start from the users file again.',
    cause,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
