// Loaded before the program (`node --import`), so that what it writes only on a terminal can be read from a pipe.
for (const stream of [process.stdout, process.stderr]) {
  Object.defineProperty(stream, 'isTTY', { value: true });
  Object.defineProperty(stream, 'columns', { value: 100 });
}
