/** Processes of the bench: started with the bench as their parent, ended with it. */
import { fork, type ChildProcess } from "node:child_process";
import { projectDir } from "../../support/processes";

export type Service<Ready> = { pid: number; ready: Ready; stop(): Promise<void> };

/** Starts a module that says `process.send(ready)` when it is, and leaves when the bench does. */
export async function startService<Ready extends object>(
  file: string,
  argument: unknown,
  env: Record<string, string> = {},
): Promise<Service<Ready>> {
  const child = fork(file, [JSON.stringify(argument)], {
    cwd: projectDir,
    execArgv: ["--import", "tsx"],
    env: { ...withoutModels(process.env), ...env },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let lastWords = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    if (process.env["BENCH_LOGS"]) process.stderr.write(chunk);
    lastWords = (lastWords + chunk.toString()).slice(-2_000);
  });
  const ready = await new Promise<Ready>((resolve, reject) => {
    child.once("message", (message) => resolve(message as Ready));
    child.once("exit", (code) => reject(new Error(`${file} ended with code ${code}: ${lastWords}`)));
  });
  return { pid: child.pid!, ready, stop: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exit;
}

/** The bench is about the demo model, whatever the developer has configured. */
function withoutModels(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const {
    AI_GATEWAY_API_KEY: _,
    ANTHROPIC_API_KEY: _a,
    OPENAI_API_KEY: _o,
    OPENAI_BASE_URL: _b,
    ...rest
  } = env;
  return rest;
}
