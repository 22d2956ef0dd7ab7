import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';

// The yardstick: csv-parse with its fastest settings reads a file into arrays and lets go of them.
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('Give a CSV file.');

const parser = parse({ relax_column_count: true, max_record_size: 1_048_576 });
let cells = 0;
for await (const chunk of createReadStream(file, { highWaterMark: 1 << 16 })) {
  parser.write(chunk);
  drain();
}
parser.end();
drain();
process.stdout.write(`${cells}\n`);

function drain(): void {
  for (let record: string[] | null = parser.read(); record !== null; record = parser.read()) {
    cells += record.length;
  }
}
