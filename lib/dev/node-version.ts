/** Imported first by every entry, so that an old Node gets a sentence and not a syntax error from some package. */
const oldest = [20, 19] as const;

export function isSupportedNode(version: string) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

if (!isSupportedNode(process.versions.node)) {
  const wanted = `Node ${oldest.join(".")} or newer (22 is recommended)`;
  console.error(
    `Holdfast needs ${wanted}, and this is ${process.versions.node}: install it from https://nodejs.org.`,
  );
  process.exit(1);
}
