// Sends a file to the server, to be named in a message. Loaded when somebody picks one.
import type { Attachment, Code } from './protocol';

const SIDE_MAX = 2_560;
const QUALITY = 0.85;

export class UploadError extends Error {
  constructor(readonly code: Code) {
    super(code);
  }
}

export async function upload(file: File, headers: Record<string, string>): Promise<Attachment> {
  const form = new FormData();
  const small = await smaller(file);
  form.append('file', small, small === file ? file.name : file.name.replace(/\.\w+$/, '.jpg'));
  let answer: Response;
  try {
    answer = await fetch('/api/attachments', { method: 'POST', headers, body: form });
  } catch {
    throw new UploadError('unavailable');
  }
  const body: unknown = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new UploadError((body as { code?: Code }).code ?? 'internal');
  return body as Attachment;
}

/** A photo as large as anybody looks at it: a phone's own take long on a hotel's Wi-Fi. */
async function smaller(file: File): Promise<Blob> {
  const photo = /^image\/(jpeg|heic|heif)$/.test(file.type);
  if (!photo && !(file.type.startsWith('image/') && file.size > 4_000_000)) return file;
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, SIDE_MAX / Math.max(bitmap.width, bitmap.height));
    if (scale === 1 && file.type === 'image/jpeg') return file;
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const blob = await new Promise<Blob | null>((done) =>
      canvas.toBlob(done, 'image/jpeg', QUALITY),
    );
    return blob ?? file;
  } catch {
    return file; // the server says what is wrong with it
  }
}
