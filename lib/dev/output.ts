/** What a person sees in the terminal: steps, warnings and errors. Everything else goes to a file per process. */
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";

export type Output = {
  step: (name: string, detail: string, startedAt: number) => void;
  say: (line: string) => void;
  /** A line of a child: always to its file, to the terminal when it is news. */
  child: (name: string, line: string, isNews: boolean) => void;
  /** The last lines that look like a reason, for the sentence about a child that died. */
  lastWords: (name: string) => string;
  mute: () => void;
};

const maxLogBytes = 10 * 1024 * 1024;
const keptLines = 40;

export function createOutput({ logsDir, verbose }: { logsDir: string; verbose: boolean }): Output {
  mkdirSync(logsDir, { recursive: true });
  const files = new Map<string, { path: string; size: number; last: string[] }>();
  let muted = false;
  // A terminal that was closed must not end the shutdown that its closing began.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

  function open(name: string) {
    const known = files.get(name);
    if (known) return known;
    const file = { path: path.join(logsDir, `${name}.log`), size: 0, last: [] };
    rotate(file.path);
    files.set(name, file);
    return file;
  }

  return {
    step: (name, detail, startedAt) => {
      const ms = `${Math.round(performance.now() - startedAt)} ms`;
      console.log(`  ${name.padEnd(11)} ${detail.padEnd(34)} ${ms.padStart(8)}`);
    },
    say: (line) => console.log(line),
    child(name, line, isNews) {
      const file = open(name);
      if (file.size > maxLogBytes) {
        rotate(file.path);
        file.size = 0;
      }
      file.last.push(line);
      if (file.last.length > keptLines) file.last.shift();
      const text = `${line}\n`;
      file.size += text.length;
      try {
        appendFileSync(file.path, text);
      } catch {
        // A full disk is reported by the database; the log is not worth stopping for.
      }
      if ((isNews || verbose) && !muted) console.log(`  ${name} │ ${line}`);
    },
    lastWords(name) {
      const lines = files.get(name)?.last.filter((line) => line.trim() !== "") ?? [];
      const reason = lines.findLast((line) => /error|fatal|cannot|could not|unable|⨯/i.test(line));
      return (reason ?? lines.at(-1) ?? "").trim();
    },
    mute() {
      muted = true;
    },
  };
}

/** One older file is kept: the crash that one looks for is often that of the last start. */
function rotate(file: string) {
  if (!existsSync(file) || statSync(file).size === 0) return;
  const previous = file.replace(/\.log$/, ".previous.log");
  rmSync(previous, { force: true });
  renameSync(file, previous);
}
