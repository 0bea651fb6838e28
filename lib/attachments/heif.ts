/** Images in a HEIF container, such as an iPhone's HEIC or AVIF. Models can't read them, so they are converted to JPEG. */

/** The brands of ISO/IEC 23008-12 (HEIC and general HEIF) and of AVIF. */
const BRANDS = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis"]);

export function isHeif(bytes: Uint8Array): boolean {
  const ascii = (start: number) => String.fromCharCode(...bytes.subarray(start, start + 4));
  return ascii(4) === "ftyp" && BRANDS.has(ascii(8));
}

/**
 * Converts the image to an upright JPEG without metadata. Returns null if this build of sharp can't decode it: the
 * standard build has no HEIC decoder because of patents.
 */
export async function heifToJpeg(bytes: Uint8Array): Promise<Uint8Array | null> {
  try {
    // Loaded on demand, so that a machine without sharp can accept all other files.
    const { default: sharp } = await import("sharp");
    return await sharp(bytes).rotate().jpeg({ quality: 88 }).toBuffer();
  } catch {
    return null;
  }
}
