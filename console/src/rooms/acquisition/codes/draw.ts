// Posters are drawn here, with the fonts of this machine: the server's SVG goes onto a canvas and comes out as PNG.

/** Points of the longer side at the most: a canvas that is larger is refused by some browsers. */
const MOST_POINTS = 10_000;

/** The SVG as PNG at a resolution; the size in millimetres stands in the SVG itself. */
export async function toPng(svg: string, dpi: number): Promise<Blob> {
  const [width, height] = sizeOf(svg).map((mm) => (mm / 25.4) * dpi) as [number, number];
  const scale = Math.min(1, MOST_POINTS / Math.max(width, height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the canvas gave no picture"))), "image/png");
  });
}

/** Width and height of a sheet in millimetres. */
export function sizeOf(svg: string): [number, number] {
  const found = /width="([\d.]+)mm" height="([\d.]+)mm"/.exec(svg);
  return found ? [Number(found[1]), Number(found[2])] : [210, 297];
}

const TABLE = Uint32Array.from({ length: 256 }, (_, at) => {
  let value = at;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

export function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (TABLE[(value ^ byte) & 0xff] as number) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** A ZIP whose files lie in it as they are (PNG is packed already), with names in UTF-8 (APPNOTE 6.3, 4.3.7 to 4.3.16). */
export function zip(files: { name: string; bytes: Uint8Array }[]): Blob {
  const parts: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let at = 0;
  for (const file of files) {
    const name = new TextEncoder().encode(file.name);
    const common = [20, 0x0800, 0, 0, 0x21, crc32(file.bytes), file.bytes.length, file.bytes.length, name.length, 0];
    const head = record(0x04034b50, common, [2, 2, 2, 2, 2, 4, 4, 4, 2, 2]);
    central.push(
      record(0x02014b50, [20, ...common, 0, 0, 0, 0, at], [2, 2, 2, 2, 2, 2, 4, 4, 4, 2, 2, 2, 2, 2, 4, 4]),
      name,
    );
    parts.push(head, name, file.bytes);
    at += head.length + name.length + file.bytes.length;
  }
  const size = central.reduce((sum, part) => sum + part.length, 0);
  const end = record(0x06054b50, [0, 0, files.length, files.length, size, at, 0], [2, 2, 2, 2, 4, 4, 2]);
  return new Blob([...parts, ...central, end] as BlobPart[], { type: "application/zip" });
}

function record(signature: number, values: number[], widths: number[]): Uint8Array {
  const bytes = new Uint8Array(4 + widths.reduce((sum, width) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  let at = 4;
  widths.forEach((width, index) => {
    if (width === 2) view.setUint16(at, values[index] as number, true);
    else view.setUint32(at, values[index] as number, true);
    at += width;
  });
  return bytes;
}
