import { parseArgs, type ParseArgsConfig } from "node:util";
import { Problem } from "./problem";

export function parseArguments<T extends NonNullable<ParseArgsConfig["options"]>>(
  options: T,
  allowPositionals = false,
) {
  try {
    return parseArgs({ options, allowPositionals, strict: true });
  } catch (error) {
    const names = Object.keys(options).map((name) => `--${name}`);
    throw new Problem(`${(error as Error).message.split(".")[0]}. Use ${names.join(", ")}.`);
  }
}
