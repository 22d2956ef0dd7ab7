import { urns } from './facts.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface ScimAnswer {
  readonly status: number;
  readonly body: Json | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal in the form of RFC 7644, section 3.12. */
export class ScimError extends Error {
  readonly status: number;
  readonly scimType: string | null;

  constructor(status: number, scimType: string | null, detail: string) {
    super(detail);
    this.status = status;
    this.scimType = scimType;
  }

  /** What the journal says of it. */
  get code(): string {
    return this.scimType ?? String(this.status);
  }
}

/** The refusal that a fault rule asks for: its code is a status, or a scimType. */
export function faultError(fault: {
  readonly errorcode: string;
  readonly errormessage: string;
  readonly status?: number | undefined;
}): ScimError {
  const { errorcode, errormessage } = fault;
  if (/^[45]\d\d$/.test(errorcode)) return new ScimError(Number(errorcode), null, errormessage);
  return new ScimError(fault.status ?? (errorcode === 'uniqueness' ? 409 : 400), errorcode, errormessage);
}

export function errorAnswer(error: ScimError): ScimAnswer {
  const { status, scimType, message } = error;
  const body = {
    schemas: [urns.error],
    status: String(status),
    ...(scimType === null ? {} : { scimType }),
    detail: message,
  };
  return { status, body };
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
