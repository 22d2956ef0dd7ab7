import iconv from 'iconv-lite';

/** Turns text into bytes; what the encoding lacks becomes a question mark. */
export type Encode = (text: string) => Buffer;

/** `text` as bytes of `encoding` (a canonical WHATWG label), which the feed's own decoder reads as that text again. */
export function encoderOf(encoding: string): Encode {
  if (encoding === 'utf-8') return (text) => Buffer.from(text);
  if (encoding === 'utf-16le') return (text) => Buffer.from(text, 'utf16le');
  if (encoding === 'utf-16be') return (text) => Buffer.from(text, 'utf16le').swap16();
  const decoder = new TextDecoder(encoding);
  let table: ReadonlyMap<string, Buffer> | null = null;
  return (text) => {
    const whole = converted(text, encoding);
    if (whole !== null && decoder.decode(whole) === text) return whole;
    // The library leaves out bytes that stand for nothing, such as 0x81 in windows-1252; the decoder gives them as
    // control characters, and only it knows for which.
    table ??= tableOf(decoder);
    const known = table;
    return Buffer.concat([...text].map((character) => encodeCharacter(character, encoding, decoder, known)));
  };
}

/** Whether `encoderOf` can write it: not where what a byte means depends on bytes before it. */
export function isEncodable(encoding: string): boolean {
  return encoding !== 'iso-2022-jp';
}

function encodeCharacter(
  character: string,
  encoding: string,
  decoder: InstanceType<typeof TextDecoder>,
  table: ReadonlyMap<string, Buffer>,
): Buffer {
  const bytes = converted(character, encoding);
  if (bytes !== null && decoder.decode(bytes) === character) return bytes;
  return table.get(character) ?? Buffer.from('?');
}

function converted(text: string, encoding: string): Buffer | null {
  return iconv.encodingExists(encoding) ? iconv.encode(text, encoding) : null;
}

const firstTrailByte = 0x30;
/** What a decoder gives for bytes that are nothing. */
const replacement = '\ufffd';

/** Every character of one byte or two, by decoding them all. */
function tableOf(decoder: InstanceType<typeof TextDecoder>): ReadonlyMap<string, Buffer> {
  const table = new Map<string, Buffer>();
  const take = (bytes: Buffer): boolean => {
    const text = decoder.decode(bytes);
    if (text.includes(replacement) || [...text].length !== 1) return false;
    if (!table.has(text)) table.set(text, bytes);
    return true;
  };
  for (let lead = 0; lead <= 0xff; lead += 1) {
    if (take(Buffer.of(lead))) continue;
    for (let trail = firstTrailByte; trail <= 0xff; trail += 1) take(Buffer.of(lead, trail));
  }
  return table;
}
