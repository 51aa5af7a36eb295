// Reads a ZIP file that is in memory.
import { inflateRawSync } from 'node:zlib';

const ENTRY = 0x0201_4b50;
const END = 0x0605_4b50;
const LARGE = 0xffff_ffff;

/** The text of a file in it. */
export function textIn(zip: Buffer, name: string): string {
  let end = zip.length - 22;
  while (end > 0 && zip.readUInt32LE(end) !== END) end--;
  let at = zip.readUInt32LE(end + 16);
  while (zip.readUInt32LE(at) === ENTRY) {
    const [method, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const lengths = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const [named = 0, extra = 0, comment = 0] = lengths;
    if (zip.toString('utf8', at + 46, at + 46 + named) === name) {
      const local = zip.readUInt32LE(at + 42);
      const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      // Where it may be large (ZIP64) both sizes stand in the first extra field, the one that is packed last.
      const packed = size < LARGE ? size : Number(zip.readBigUInt64LE(at + 46 + named + 12));
      const bytes = zip.subarray(begin, begin + packed);
      return (method === 0 ? bytes : inflateRawSync(bytes)).toString('utf8');
    }
    at += 46 + named + extra + comment;
  }
  throw new Error(`there is no ${name}`);
}
