/** Pictures in a HEIF container: an iPhone's HEIC, and AVIF. Models and most browsers read neither, so they become JPEG. */

/** The brands of ISO/IEC 23008-12 (HEIC and general HEIF) and of AVIF. */
const BRANDS = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis"]);

export function isHeif(bytes: Uint8Array): boolean {
  const ascii = (start: number) => String.fromCharCode(...bytes.subarray(start, start + 4));
  return ascii(4) === "ftyp" && BRANDS.has(ascii(8));
}

/**
 * The picture as JPEG, upright and without what the camera wrote beside it. Null when this build of sharp cannot read
 * it: the usual one has no decoder for HEIC, whose patents it would have to license.
 */
export async function heifToJpeg(bytes: Uint8Array): Promise<Uint8Array | null> {
  try {
    // Loaded here, because a machine without a build of sharp must take every other file.
    const { default: sharp } = await import("sharp");
    return await sharp(bytes).rotate().jpeg({ quality: 88 }).toBuffer();
  } catch {
    return null;
  }
}
