// Writes FILE.br and FILE.gz beside every file of dist that gets smaller by it. The server embeds and
// sends them as they are, so no request ever pays for compression. Pages are not among them: each answer has
// its own.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const text = /\.(js|css|json|svg|txt|webmanifest|map)$/;

let raw = 0;
let small = 0;
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !text.test(entry.name)) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const body = readFileSync(path);
  const br = brotliCompressSync(body, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
    },
  });
  writeFileSync(`${path}.br`, br);
  writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }));
  raw += body.length;
  small += br.length;
  console.log(`${path.slice(dist.length + 1).padEnd(48)} ${body.length} B, ${br.length} B br`);
}
console.log(`${'all'.padEnd(48)} ${raw} B, ${small} B br`);
