import { JSONParser, Tokenizer } from '@streamparser/json';
import { expect, it } from 'vitest';
import { keepMarks } from '../../src/domain/keep-marks.ts';

const texts = ['A\ufeffda', '\ufeff', '\ufeffé', 'é\ufeffé', 'x\n\ufeffy'];
const bytes = Buffer.from(JSON.stringify(texts));

it('keeps every U+FEFF of a text, wherever the bytes are cut', () => {
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const found: unknown[] = [];
    const parser = keepMarks(new JSONParser({ paths: ['$.*'], keepStack: false }));
    parser.onValue = ({ value }) => found.push(value);
    parser.write(bytes.subarray(0, cut));
    parser.write(bytes.subarray(cut));
    expect(found).toEqual(texts);
  }
});

it('keeps it in a tokenizer with a buffer, too', () => {
  const found: unknown[] = [];
  const tokenizer = keepMarks(new Tokenizer({ stringBufferSize: 64 }));
  tokenizer.onToken = ({ value }) => found.push(value);
  tokenizer.write('["\\u0041\ufeffb", "\\u0041');
  tokenizer.write('\ufeff"]');
  expect(found).toEqual(['[', 'A\ufeffb', ',', 'A\ufeff', ']']);
});

it('says so when the parser is no longer built as it was', () => {
  expect(() => keepMarks({})).toThrow(/decoder/);
});
