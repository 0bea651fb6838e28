/** One structured line per event. Values are ids, numbers and reasons: never a token, a key or a message body. */
export type Log = (
  event: string,
  fields?: Record<string, string | number | boolean | null | undefined>,
) => void;

export function createStderrLog(): Log {
  return (event, fields = {}) => {
    const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
    const text = pairs.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join("");
    process.stderr.write(`${new Date().toISOString()} engine ${event}${text}\n`);
  };
}
