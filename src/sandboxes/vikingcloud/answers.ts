/** Why the service refuses a request. */
export interface Problem {
  readonly status: number;
  /** The reason phrase, or the name of a fault. */
  readonly error: string;
  readonly message: string;
}

const phrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  415: 'Unsupported Media Type',
};

export function problem(status: number, message: string): Problem {
  return { status, error: phrases[status] ?? 'Bad Request', message };
}

/** An error in the form of the service: the time has no zone and seven digits of a second, as on its pages. */
export function problemAnswer({ status, error, message }: Problem, path: string): Response {
  const timestamp = `${new Date().toISOString().slice(0, -1)}4974`;
  return Response.json({ message, status, error, timestamp, path }, { status });
}
