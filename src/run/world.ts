import type { Readable } from 'node:stream';
import type { Clock } from '../domain/settings.ts';

/** Facts for the log, by an allow-list: no other field ever reaches it. */
export interface LogFacts {
  readonly run?: string;
  readonly job?: string;
  readonly provider?: string;
  readonly origin?: string;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly attempt?: number;
  readonly durationMs?: number;
  readonly count?: number;
  readonly guard?: string;
  readonly code?: string;
  /** True of what the command says to people by itself: a terminal need not show it twice. Never logged. */
  readonly saidAnyway?: true;
}

export interface Log {
  debug(facts: LogFacts, message: string): void;
  info(facts: LogFacts, message: string): void;
  warn(facts: LogFacts, message: string): void;
  error(facts: LogFacts, message: string): void;
}

/** What a run shows while it goes on; a bar on a terminal, nothing elsewhere. */
export interface Progress {
  stage(name: string): void;
  /** @param total changes that will be sent */
  sending(total: number): void;
  sent(changes: number): void;
  end(): void;
}

/** The effects that a run needs; only the composition root builds the real ones. */
export interface World {
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly progress: Progress;
  readonly stdin: Readable;
  /** Fires when the run shall stop: a signal of the operating system. */
  readonly signal: AbortSignal;
  readonly operator: string;
  readonly host: string;
  readonly pid: number;
  readonly trigger: string;
  /** Whether the ledger is written in a thread of its own while requests are sent. */
  readonly ledgerThread: boolean;
}
