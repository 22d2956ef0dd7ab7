import type { Outcome } from './change.ts';
import type { ErrorCode } from './error-code.ts';

/** A plain success. `userId`: the id that the target gave a created user. */
export function succeeded(userId: string | null = null): Outcome {
  return { result: 'succeeded', errorCode: null, providerCode: null, message: null, userId };
}

/** An outcome that has something to say. `message` is for people and holds no personal values and no secrets. */
export function outcome(
  result: Outcome['result'],
  errorCode: ErrorCode,
  providerCode: string | null,
  message: string,
  userId: string | null = null,
): Outcome {
  return { result, errorCode, providerCode, message, userId };
}
