/** The parts of a parser of `@streamparser/json` that decode its text. */
interface Inside {
  readonly tokenizer?: Inside;
  readonly bufferedString?: { decoder?: unknown };
}

/**
 * Makes a parser or tokenizer of `@streamparser/json` keep every U+FEFF of a text. It decodes text piece by piece, and
 * its decoder takes one that begins a piece for a byte order mark and drops it (0.0.26); no option says otherwise.
 *
 * @returns the same parser
 */
export function keepMarks<Parser extends object>(parser: Parser): Parser {
  const { tokenizer, bufferedString }: Inside = parser;
  const strings = tokenizer?.bufferedString ?? bufferedString;
  if (strings?.decoder === undefined)
    throw new Error('The JSON parser no longer has the decoder that it had.');
  strings.decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return parser;
}
