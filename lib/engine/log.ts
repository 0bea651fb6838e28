/** Logs one structured line per event. Values are ids, numbers and reasons, never a token, a key or a message body. */
export type Log = (
  event: string,
  fields?: Record<string, string | number | boolean | null | undefined>,
) => void;

/** The forms of a token: a JWT, an S2 token, the signature of a URL. */
const TOKENS = /eyJ[\w-]{8,}(\.[\w-]*)*|s2\.[\w-]{8,}(\.[\w-]*)*|(?<=signature=)[\w-]+/g;

/** Removes secrets from log lines: a path, an error message or a worker's output may contain one. */
export function withoutSecrets(log: Log, secretKey: string): Log {
  return (event, fields = {}) => {
    const entries = Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === "string" ? value.replaceAll(secretKey, "[key]").replace(TOKENS, "[token]") : value,
    ]);
    log(event, Object.fromEntries(entries) as typeof fields);
  };
}

export function createStderrLog(): Log {
  return (event, fields = {}) => {
    const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
    const text = pairs.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join("");
    process.stderr.write(`${new Date().toISOString()} engine ${event}${text}\n`);
  };
}
