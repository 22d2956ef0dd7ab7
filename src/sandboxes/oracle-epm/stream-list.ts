const chunkCharacters = 65_536;

/**
 * The JSON of `head` with `details` added to its end, in chunks: a million users never stand in one string, and
 * none is rendered before the reader wants it.
 */
export function streamList(head: object, details: Iterable<object>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const chunks = listChunks(head, details);
  return new ReadableStream({
    pull(controller) {
      const { done, value } = chunks.next();
      if (done === true) {
        controller.close();
      } else {
        controller.enqueue(encoder.encode(value));
      }
    },
  });
}

function* listChunks(head: object, details: Iterable<object>): Generator<string, undefined> {
  let chunk = `${JSON.stringify(head).slice(0, -1)},"details":[`;
  let separator = '';
  for (const detail of details) {
    chunk += separator + JSON.stringify(detail);
    separator = ',';
    if (chunk.length >= chunkCharacters) {
      yield chunk;
      chunk = '';
    }
  }
  yield `${chunk}]}`;
}
