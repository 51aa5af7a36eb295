// What an authenticator app does: reads the QR code, and reckons the code of now (RFC 6238).
import { createHmac } from 'node:crypto';
import type { Locator } from '@playwright/test';
import jsQR from 'jsqr';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The six digits, so many steps of 30 s from now. */
export function code(secret: string, steps = 0): string {
  const bits = [...secret.replace(/=+$/, '')]
    .map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = mac[mac.length - 1]! & 15;
  return String((mac.readUInt32BE(at) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

/** What a camera reads from the code as it is drawn on the page. */
export async function scanned(drawing: Locator): Promise<string | undefined> {
  const seen = await drawing.evaluate(async (svg) => {
    const side = 240;
    const copy = svg.cloneNode(true) as SVGElement;
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    copy.setAttribute('width', `${side}`);
    copy.setAttribute('height', `${side}`);
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(copy.outerHTML)}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = side;
    const pen = canvas.getContext('2d')!;
    pen.drawImage(image, 0, 0);
    const { data } = pen.getImageData(0, 0, side, side);
    let dots = '';
    for (let at = 0; at < data.length; at += 4) dots += data[at]! < 128 ? '1' : '0';
    return { side, dots };
  });
  const pixels = [...seen.dots].flatMap((dot) =>
    dot === '1' ? [0, 0, 0, 255] : [255, 255, 255, 255],
  );
  return jsQR(Uint8ClampedArray.from(pixels), seen.side, seen.side)?.data;
}
