import sharp, { type Sharp } from "sharp";
import { describe, expect, it, vi } from "vitest";
import { withoutMetadata } from "./without-metadata";
import type { AcceptedType } from "./accepted-types";

const SECRET = "Somewhere street 12";

/** Left half red, right half blue. */
function picture() {
  const pixels = Buffer.alloc(40 * 20 * 3);
  for (let index = 0; index < 40 * 20; index++) pixels[index * 3 + (index % 40 < 20 ? 0 : 2)] = 255;
  return sharp(pixels, { raw: { width: 40, height: 20, channels: 3 } });
}

const withExif = (image: Sharp, orientation = 1) =>
  image
    .withExif({ IFD0: { Artist: SECRET }, IFD3: { GPSLatitude: "51/1 30/1 0/1" } })
    .withMetadata({ orientation });

async function frames(count: number) {
  const pixels = Buffer.alloc(8 * 8 * count * 3);
  for (let index = 0; index < pixels.length; index++) pixels[index] = Math.floor(index / (8 * 8 * 3)) * 60;
  return sharp(pixels, { raw: { width: 8, height: 8 * count, channels: 3, pageHeight: 8 } });
}

const samples: Array<[string, AcceptedType, () => Promise<Buffer>]> = [
  ["JPEG", "image/jpeg", () => withExif(picture()).jpeg().toBuffer()],
  ["PNG", "image/png", () => withExif(picture()).png().toBuffer()],
  ["WebP", "image/webp", () => withExif(picture()).webp({ lossless: true }).toBuffer()],
];

const isClean = (bytes: Uint8Array) => {
  const text = Buffer.from(bytes).toString("latin1");
  return !text.includes(SECRET) && !/GPS|xmp/i.test(text);
};

describe("a picture", () => {
  it.each(samples)("keeps its pixels and loses what is written beside them: %s", async (_, type, make) => {
    const given = await make();
    expect(isClean(given)).toBe(false);
    const clean = await withoutMetadata(given, type);
    expect(isClean(clean)).toBe(true);
    const { exif, xmp, iptc } = await sharp(clean).metadata();
    expect([exif, xmp, iptc]).toEqual([undefined, undefined, undefined]);
    expect((await sharp(clean).raw().toBuffer()).equals(await sharp(given).raw().toBuffer())).toBe(true);
  });

  it.each(["jpeg", "webp"] as const)(
    "that lay on its side stands upright without saying so: %s",
    async (format) => {
      const given = await withExif(picture(), 6).toFormat(format, { quality: 100 }).toBuffer();
      const clean = await withoutMetadata(given, `image/${format}`);
      expect(isClean(clean)).toBe(true);
      const { width, height, orientation } = await sharp(clean).metadata();
      expect({ width, height, orientation }).toEqual({ width: 20, height: 40, orientation: undefined });
      const { data } = await sharp(clean).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      const at = (x: number, y: number) => [...data.subarray((y * 20 + x) * 3, (y * 20 + x) * 3 + 3)];
      expect(at(10, 5)[0]).toBeGreaterThan(200);
      expect(at(10, 35)[2]).toBeGreaterThan(200);
    },
  );

  it("keeps nothing but how it lies where it cannot be turned", async () => {
    vi.doMock("sharp", () => {
      throw new Error("no build for this machine");
    });
    const clean = await withoutMetadata(await withExif(picture(), 6).jpeg().toBuffer(), "image/jpeg");
    vi.doUnmock("sharp");
    expect(isClean(clean)).toBe(true);
    expect(await sharp(clean).metadata()).toMatchObject({ width: 40, height: 20, orientation: 6 });
  });

  it.each(["gif", "webp"] as const)("keeps moving: %s", async (format) => {
    const plain = await (await frames(4)).toFormat(format, { loop: 0, delay: [50, 50, 50, 50] }).toBuffer();
    const comment = Buffer.concat([
      Buffer.from([0x21, 0xfe, SECRET.length]),
      Buffer.from(SECRET),
      Buffer.from([0]),
    ]);
    const given =
      format === "gif"
        ? Buffer.concat([plain.subarray(0, -1), comment, plain.subarray(-1), Buffer.from(SECRET)])
        : await withExif(await frames(4))
            .webp({ loop: 0, delay: [50, 50, 50, 50] })
            .toBuffer();
    expect(isClean(given)).toBe(false);
    const clean = await withoutMetadata(given, `image/${format}`);
    expect(isClean(clean)).toBe(true);
    expect(await sharp(clean, { animated: true }).metadata()).toMatchObject({
      pages: 4,
      loop: 0,
      delay: [50, 50, 50, 50],
    });
  });

  it("loses comments, further pictures and what hangs behind its end: JPEG", async () => {
    const plain = await picture().jpeg().toBuffer();
    const segment = (marker: number, text: string) =>
      Buffer.concat([Buffer.from([0xff, marker, 0, text.length + 2]), Buffer.from(text, "latin1")]);
    const given = Buffer.concat([
      plain.subarray(0, 2),
      segment(0xfe, SECRET),
      segment(0xed, `Photoshop 3.0\0${SECRET}`),
      segment(0xe2, `MPF\0${SECRET}`),
      plain.subarray(2),
      Buffer.from(SECRET),
    ]);
    const clean = await withoutMetadata(given, "image/jpeg");
    expect(Buffer.from(clean).equals(plain)).toBe(true);
  });

  it.each(samples)(
    "that is cut off anywhere is taken as it is, without an end: %s",
    async (_, type, make) => {
      const given = await make();
      for (let length = 12; length < given.length; length += 7)
        expect((await withoutMetadata(given.subarray(0, length), type)).length).toBeLessThanOrEqual(
          length + 40,
        );
    },
  );

  it("text and PDF stay as they are", async () => {
    const bytes = new TextEncoder().encode(`Author: ${SECRET}`);
    expect(await withoutMetadata(bytes, "text/plain")).toBe(bytes);
    expect(await withoutMetadata(bytes, "application/pdf")).toBe(bytes);
  });
});
