/** Shows steps, warnings and errors in the terminal, and writes all other output to a log file per process. */
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";

export type Output = {
  step: (name: string, detail: string, startedAt: number) => void;
  say: (line: string) => void;
  /** Writes a line of a child process to its log file, and to the terminal if `isNews`. */
  child: (name: string, line: string, isNews: boolean) => void;
  /** Returns the last line that looks like an error, to explain why a child process ended. */
  lastError: (name: string) => string;
  mute: () => void;
};

const maxLogBytes = 10 * 1024 * 1024;
const keptLines = 40;

export function createOutput({ logsDir, verbose }: { logsDir: string; verbose: boolean }): Output {
  mkdirSync(logsDir, { recursive: true });
  const files = new Map<string, { path: string; size: number; last: string[] }>();
  let muted = false;
  // Closing the terminal begins a shutdown, which a failed write must not interrupt.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

  function openLog(name: string) {
    const existing = files.get(name);
    if (existing) return existing;
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
      const file = openLog(name);
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
        // A failed log write is ignored: the database reports a full disk.
      }
      if ((isNews || verbose) && !muted) console.log(`  ${name} │ ${line}`);
    },
    lastError(name) {
      const lines = files.get(name)?.last.filter((line) => line.trim() !== "") ?? [];
      const reason = lines.findLast((line) => /error|fatal|cannot|could not|unable|⨯/i.test(line));
      return (reason ?? lines.at(-1) ?? "").trim();
    },
    mute() {
      muted = true;
    },
  };
}

/** Keeps the log of the previous start, because the crash to explain is often in there. */
function rotate(file: string) {
  if (!existsSync(file) || statSync(file).size === 0) return;
  const previous = file.replace(/\.log$/, ".previous.log");
  rmSync(previous, { force: true });
  renameSync(file, previous);
}
