/** Every entry imports this file first, so that an old Node prints a sentence instead of a package's syntax error. */
const oldest = [20, 19] as const;

export function isSupportedNode(version: string) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

if (!isSupportedNode(process.versions.node)) {
  const required = `Node ${oldest.join(".")} or newer (22 is recommended)`;
  console.error(
    `Holdfast needs ${required}, but this is Node ${process.versions.node}. Install it from https://nodejs.org.`,
  );
  process.exit(1);
}
