import { Tokenizer, TokenParser, TokenType } from '@streamparser/json';
import { keepMarks } from '../domain/keep-marks.ts';

const textBufferBytes = 64 * 1024;

/** A number whose text says something that a number of JavaScript would not say again. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Where a token stands. */
export interface TokenPlace {
  /** How many objects and arrays are open around the token. */
  readonly depth: number;
  /** The name whose value the token is, in the object at depth 1; null outside of one. */
  readonly topName: string | null;
}

export interface StrictJsonEvents {
  /** A value on one of the paths. */
  readonly onValue: (value: unknown, parent: unknown, topName: string | null) => void;
  /** Every token; before the values that it completes. */
  readonly onToken: (token: TokenType, value: unknown, place: TokenPlace) => void;
  /** A name that stands a second time in its object, `depth` objects and arrays deep. */
  readonly onDuplicate: (name: string, depth: number) => void;
}

interface Frame {
  /** Names so far; null for an array. */
  readonly names: Set<string> | null;
  /** The last of them: what is read is its value. */
  name: string | null;
  expectsName: boolean;
}

/**
 * JSON as it arrives, by RFC 8259, with nothing changed on the way: numbers that would not come out as they stand are
 * given as `NumberText`, names that stand twice are told, and `__proto__` is a name like any other.
 */
export class StrictJson {
  readonly #tokenizer: TextTokenizer;
  readonly #parser: TokenParser;
  readonly #events: StrictJsonEvents;
  readonly #frames: Frame[] = [];
  #topName: string | null = null;
  #tokenAt = 0;

  constructor(paths: string[], events: StrictJsonEvents) {
    this.#events = events;
    this.#tokenizer = keepMarks(
      new TextTokenizer({ stringBufferSize: textBufferBytes, numberBufferSize: textBufferBytes }),
    );
    this.#parser = new TokenParser({ paths, keepStack: false });
    this.#parser.onValue = ({ value, parent }) => events.onValue(value, parent, this.#topName);
    this.#parser.onEnd = () => undefined;
    this.#tokenizer.onEnd = () => undefined;
    this.#tokenizer.onToken = (token) => {
      this.#tokenAt = token.offset;
      this.#follow(token.token, token.value);
      this.#parser.write(token);
    };
  }

  /** Byte at which the last token begins. */
  get tokenAt(): number {
    return this.#tokenAt;
  }

  /** The names that lead to what is read now, null standing for a place in an array. */
  path(): readonly (string | null)[] {
    return this.#frames.map(({ name }) => name);
  }

  /** @throws Error for what is no JSON, without its text */
  write(bytes: Buffer): void {
    this.#tokenizer.write(bytes);
  }

  /** @throws Error when the document breaks off */
  end(): void {
    this.#tokenizer.end();
    if (!this.#parser.isEnded) this.#parser.end();
  }

  #follow(token: TokenType, value: unknown): void {
    const frame = this.#frames.at(-1);
    if (token === TokenType.STRING && frame?.expectsName === true) this.#noteName(frame, String(value));
    else this.#events.onToken(token, value, { depth: this.#frames.length, topName: this.#topName });
    if (token === TokenType.LEFT_BRACE)
      this.#frames.push({ names: new Set(), name: null, expectsName: true });
    else if (token === TokenType.LEFT_BRACKET)
      this.#frames.push({ names: null, name: null, expectsName: false });
    else if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) this.#frames.pop();
    else if (token === TokenType.COMMA && frame?.names != null) frame.expectsName = true;
  }

  #noteName(frame: Frame, name: string): void {
    if (frame.names?.has(name) === true) this.#events.onDuplicate(name, this.#frames.length);
    frame.names?.add(name);
    frame.name = name;
    frame.expectsName = false;
    if (this.#frames.length === 1) this.#topName = name;
  }
}

class TextTokenizer extends Tokenizer {
  /** The parser carries what it is given; the readers know a `NumberText`. */
  protected override parseNumber(text: string): number {
    const number = Number(text);
    return String(number) === text ? number : (new NumberText(text) as unknown as number);
  }
}

/** A whole document and what is odd about it; undefined for what is no JSON, or is nested too deep. */
export function parseStrictly(
  text: string,
  depthMax: number,
): { readonly value: unknown; readonly duplicate: string | null } | undefined {
  let value: unknown;
  let duplicate: string | null = null;
  const json = new StrictJson(['$'], {
    onValue: (found) => {
      value = found;
    },
    onToken: (_, __, { depth }) => {
      if (depth > depthMax) throw new RangeError('nested too deep');
    },
    onDuplicate: (name) => {
      duplicate ??= name;
    },
  });
  try {
    json.write(Buffer.from(text));
    json.end();
  } catch {
    return undefined;
  }
  return value === undefined ? undefined : { value, duplicate };
}
