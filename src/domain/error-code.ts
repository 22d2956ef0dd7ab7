/**
 * The codes that reports carry in `errorCode`. They are a contract: scripts depend on them, so a code may be
 * added but never renamed. The vendor's own code stands beside it in `providerCode`.
 */
export const errorCodes = {
  // Outcomes of a step
  REFUSED: 'The target refused this item; its own code says why.',
  REQUEST_REFUSED: 'The target refused the whole request that this item travelled in.',
  ALREADY_EXISTS: 'A user with this login exists already, and it could not be taken for this person.',
  LINKED_EXISTING: 'The account existed already; it is now linked to this person.',
  UNRESOLVED_REFERENCE: 'The person whom the attribute names has no user, so the old value stays.',
  ALREADY_SO: 'The target had these values already.',
  CONTRADICTORY_ANSWER: 'The counts of the answer contradict its items, so no success can be claimed.',
  UNANSWERED: 'The request was sent, no answer came, and a look-up could not tell whether it took effect.',
  UNREADABLE_ANSWER: 'The answer was not what the interface documents, and a look-up could not tell more.',
  THROTTLED: 'The target kept asking to slow down until the attempts were used up.',
  UNAVAILABLE: 'The target could not be reached or kept failing until the attempts were used up.',
  NOT_APPLIED: 'A look-up found that the write did not take effect, and the attempts were used up.',
  PREDECESSOR_FAILED: 'An earlier step of this change failed, so this one was not sent.',
  WAITS_FOR:
    'Another user still has a value that only one can have: the change that frees it was not made, so this one was not sent.',
  STOPPED: 'The run stopped before this step was sent.',
  OWN_ACCOUNT: 'This is the account that rollcall itself signs in with; it is never written.',
  // Conflicts found by comparing
  LOGIN_TAKEN: 'The login belongs to a user who is linked to another lasting id.',
  AMBIGUOUS_MATCH: 'Several users of the target have this match key.',
  LOOKALIKE_KEY: 'The match key looks like that of another user or person, and is not the same.',
  DISABLED_ELSEWHERE: 'The account is disabled, but not by this job.',
  MISSING_REQUIRED: 'The feed does not give an attribute that the target needs to create the user.',
  UNACCEPTABLE: 'The target has a rule against these values; it is known beforehand, so nothing was sent.',
  NOT_WRITABLE: 'The feed asks for another value of an attribute that the target never changes.',
  NO_SUCH_USER: 'The delta asks for a change of somebody who has no user in the target.',
  NOT_LINKED: 'The delta takes access from a user whom this job never linked to a person.',
  IN_DOUBT: 'An earlier write for this person could not be settled; the person is left alone.',
  UNIQUE_SWAP:
    'People would exchange values that only one user can have, and none can take a temporary one meanwhile.',
  DRIFT: 'The feed and somebody in the target both changed this value since they were the same.',
  FLAPPING: 'Somebody keeps changing back what this job writes, and the job says to hold then.',
  REHIRE:
    'The person was disabled or removed by this job before, and the job says that somebody has to look.',
  LOGIN_RESERVED: 'The login was that of a removed user, and may not yet be given to another person.',
  CHANGED_SINCE_PLAN: 'The user is no longer what the plan saw.',
  CHANGED_SINCE: 'Somebody changed what the reverted run had left, so it stays.',
  CANNOT_UNDO: 'What the reverted run did cannot be undone by the calls that the target has.',
  // Held
  GUARD: 'A guard holds the plan.',
  UNREADABLE_IDENTITY: 'Rows whose person could not be read hold every leaver by absence.',
} as const;

export type ErrorCode = keyof typeof errorCodes;
