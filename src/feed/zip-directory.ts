import { Failure } from '../domain/failure.ts';

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const endBytes = 22;
const entryBytes = 46;
const commentBytesMax = 65_535;
const zip64 = 0xffffffff;
/** What all parts of a workbook together may become, so that it fits into memory. */
const expandedBytesMax = 256 * 1024 * 1024;
/** Small workbooks of many like cells shrink a lot, and do no harm. */
const harmlessBytes = 1024 * 1024;

/**
 * Refuses what is no zip archive or would expand beyond all measure, before a byte of it is unpacked. Whoever unpacks
 * it must hold each entry to the size that the directory states.
 *
 * @throws Failure (exit 1, `FEED_XLSX`)
 */
export function requireSoundZip(bytes: Buffer, ratioMax: number): void {
  if (bytes.subarray(0, 4).toString('hex') === 'd0cf11e0') throw oldOrEncrypted();
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  const sound =
    end !== -1 && end + endBytes <= bytes.length && end >= bytes.length - endBytes - commentBytesMax;
  if (!sound || bytes.readUInt32LE(end) !== endSignature || bytes.readUInt16BE(0) !== 0x504b) throw noZip();
  const expanded = expandedBytes(bytes, bytes.readUInt32LE(end + 16), bytes.readUInt16LE(end + 10));
  const most = Math.min(expandedBytesMax, Math.max(harmlessBytes, bytes.length * ratioMax));
  if (expanded > most) throw tooMuch(expanded, most);
}

function expandedBytes(bytes: Buffer, start: number, entries: number): number {
  let expanded = 0;
  let at = start;
  for (let entry = 0; entry < entries; entry += 1) {
    if (at + entryBytes > bytes.length || bytes.readUInt32LE(at) !== entrySignature) throw noZip();
    const packed = bytes.readUInt32LE(at + 20);
    const size = bytes.readUInt32LE(at + 24);
    // An entry that says nothing of its size could become anything.
    if (size === zip64 || packed === zip64 || (size === 0 && packed > 2)) throw noZip();
    expanded += size;
    at +=
      entryBytes + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return expanded;
}

function oldOrEncrypted(): Failure {
  return new Failure({
    code: 'FEED_XLSX',
    exit: 1,
    message: 'The feed is an encrypted workbook, or one in the old .xls format; neither is read.',
    hint: 'Save it as .xlsx, without a password.',
  });
}

function noZip(): Failure {
  return new Failure({
    code: 'FEED_XLSX',
    exit: 1,
    message: 'The feed is no .xlsx workbook, or it is damaged or cut off.',
    hint: 'Have it delivered again, or set feed.format to what the file is.',
  });
}

function tooMuch(expanded: number, most: number): Failure {
  return new Failure({
    code: 'FEED_XLSX',
    exit: 1,
    message: `The workbook would expand to ${expanded} bytes; ${most} are the most.`,
    hint: 'Export so many people as CSV, or raise feed.limits.gzipRatio if the file is what it should be.',
  });
}
