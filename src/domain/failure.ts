/** The process's exit code for a run that could not start or go on (design of the command line: README). */
export type FailureExit = 1 | 3 | 4 | 5 | 75;

export interface FailureDetails {
  /** Stable word for scripts and tests. */
  readonly code: string;
  /** What happened and where, for people; holds no personal value and no secret. */
  readonly message: string;
  /** What to do next. */
  readonly hint?: string;
  readonly exit: FailureExit;
  readonly cause?: unknown;
}

/** A known trouble: printed as message and hint, never with a stack trace. */
export class Failure extends Error {
  override readonly name: string = 'Failure';
  readonly code: string;
  readonly hint: string | null;
  readonly exit: FailureExit;

  constructor(details: FailureDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.hint = details.hint ?? null;
    this.exit = details.exit;
  }
}

/**
 * How a target's world is broken.
 * - `unsent`: the request never left (refused connection, unknown host): certainly not taken
 * - `unanswered`: sent, no whole answer (time-out, dropped connection): in doubt
 * - `throttled`: the target asks to slow down: not taken
 * - `unavailable`: the target says that it cannot now; `taken` tells whether the write may have taken effect
 * - `unauthorised`: credentials or rights are wrong: stops the run
 * - `misconfigured`: the address, version or settings are wrong: stops the run
 * - `unreadable`: an answer that is not what the interface documents; for a write: in doubt
 * - `refused`: the target refused the whole request for what it holds
 */
export type TargetTrouble =
  | 'unsent'
  | 'unanswered'
  | 'throttled'
  | 'unavailable'
  | 'unauthorised'
  | 'misconfigured'
  | 'unreadable'
  | 'refused';

const passing: ReadonlySet<TargetTrouble> = new Set(['unsent', 'unanswered', 'throttled', 'unavailable']);

export interface TargetFailureDetails {
  readonly trouble: TargetTrouble;
  readonly message: string;
  readonly hint?: string;
  /** How long the target asked to wait; null when it did not say. */
  readonly retryAfterMs?: number | null;
  /** True when core has waited and repeated as long as it may: nobody tries again in this run. */
  readonly givenUp?: boolean;
  readonly providerCode?: string | null;
  readonly cause?: unknown;
}

/** The target's world is broken (a refused item, by contrast, is an outcome). */
export class TargetFailure extends Failure {
  override readonly name = 'TargetFailure';
  readonly trouble: TargetTrouble;
  readonly retryAfterMs: number | null;
  readonly givenUp: boolean;
  readonly providerCode: string | null;

  constructor(details: TargetFailureDetails) {
    super({
      code: `TARGET_${details.trouble.toUpperCase()}`,
      message: details.message,
      exit: passing.has(details.trouble) ? 75 : 1,
      ...(details.hint === undefined ? {} : { hint: details.hint }),
      ...(details.cause === undefined ? {} : { cause: details.cause }),
    });
    this.trouble = details.trouble;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.givenUp = details.givenUp ?? false;
    this.providerCode = details.providerCode ?? null;
  }
}
