/** What `npm run doctor` says of the keys and addresses of Trigger.dev. It asks the server whether it knows the key. */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { type Finding, fix, note, ok } from "./finding";

const ENVIRONMENTS = { dev: "development", stg: "staging", preview: "preview", prod: "production" } as const;
const CLOUD = "https://api.trigger.dev";
const ANSWER_WITHIN_MS = 5_000;

type Settings = NodeJS.ProcessEnv;

export async function checkTriggerKeys(env: Settings, dataDir: string): Promise<Finding[]> {
  const given = env.TRIGGER_SECRET_KEY;
  const file = path.join(dataDir, "engine/secret-key");
  if (!given) return [...embedded(env, file)];
  const key = given.trim();
  if (key.startsWith("pk_"))
    return [
      fix("TRIGGER_SECRET_KEY is a public key (pk_…). Use the secret key (tr_…) from the API keys page."),
    ];
  if (key.startsWith("tr_pat_"))
    return [
      fix(
        "TRIGGER_SECRET_KEY is a personal access token (tr_pat_…), which is for the CLI. Set it as TRIGGER_ACCESS_TOKEN, and use the secret key of an environment here.",
      ),
    ];
  const kind = /^tr_(dev|stg|preview|prod)_\w+$/.exec(key)?.[1] as keyof typeof ENVIRONMENTS | undefined;
  if (!kind || key !== given)
    return [
      fix(
        "TRIGGER_SECRET_KEY should look like tr_dev_…, tr_stg_…, tr_preview_… or tr_prod_…. Copy it again, without spaces.",
      ),
    ];
  if (existsSync(file) && readFileSync(file, "utf8").trim() === key)
    return [
      fix(
        "TRIGGER_SECRET_KEY is the key of the embedded engine, which Holdfast sets by itself. Remove it, or use a key of Trigger.dev.",
      ),
    ];
  return [
    ok(
      `TRIGGER_SECRET_KEY is for the ${ENVIRONMENTS[kind]} environment, so agents run on Trigger.dev and the embedded engine is off`,
    ),
    ...project(env),
    ...branch(env, kind),
    await server(env, key),
  ];
}

function embedded(env: Settings, file: string): Finding[] {
  const isOpen = process.platform !== "win32" && existsSync(file) && (statSync(file).mode & 0o077) !== 0;
  const shown = path.relative(process.cwd(), file);
  return [
    isOpen
      ? fix(`Other users can read ${shown}. Run: chmod 600 ${shown}`)
      : ok("TRIGGER_SECRET_KEY is not set, so the embedded engine is used"),
    ...["TRIGGER_API_URL", "TRIGGER_PREVIEW_BRANCH", "TRIGGER_PROJECT_REF"].flatMap((name) =>
      env[name]
        ? [note(`${name} has no effect without TRIGGER_SECRET_KEY. Set both to run agents on Trigger.dev.`)]
        : [],
    ),
  ];
}

function project({ TRIGGER_PROJECT_REF: ref }: Settings): Finding[] {
  return [
    ref?.startsWith("proj_")
      ? ok(`Project ${ref}`)
      : fix(
          "TRIGGER_SECRET_KEY also needs TRIGGER_PROJECT_REF. Copy it (proj_…) from the project's settings.",
        ),
  ];
}

function branch(env: Settings, kind: keyof typeof ENVIRONMENTS): Finding[] {
  const name = env.TRIGGER_PREVIEW_BRANCH || env.VERCEL_GIT_COMMIT_REF;
  if (kind === "preview")
    return [
      name
        ? ok(`Preview branch ${name}`)
        : fix(
            "TRIGGER_SECRET_KEY is for preview branches and doesn't say which. Set TRIGGER_PREVIEW_BRANCH to the branch's name.",
          ),
    ];
  return env.TRIGGER_PREVIEW_BRANCH
    ? [
        note(
          `TRIGGER_PREVIEW_BRANCH has no effect with a key of the ${ENVIRONMENTS[kind]} environment. Use a key that begins with tr_preview_, or remove it.`,
        ),
      ]
    : [];
}

/** Asks for one run, which every key may read. */
async function server(env: Settings, key: string): Promise<Finding> {
  const url = (env.TRIGGER_API_URL || CLOUD).replace(/\/$/, "");
  const name = env.TRIGGER_API_URL ? `TRIGGER_API_URL (${url})` : url;
  const previewBranch = env.TRIGGER_PREVIEW_BRANCH || env.VERCEL_GIT_COMMIT_REF;
  let response: Response;
  try {
    response = await fetch(`${url}/api/v1/runs?page%5Bsize%5D=1`, {
      headers: {
        authorization: `Bearer ${key}`,
        ...(previewBranch && { "x-trigger-branch": previewBranch }),
      },
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
  } catch {
    return fix(`Nothing answers at ${name}. Check the address and your connection.`);
  }
  const isJson = response.headers.get("content-type")?.includes("application/json") === true;
  if (response.ok && isJson) return ok(`${name} knows the key`);
  if (isJson && (await isEmbeddedEngine(url)))
    return fix(
      `${name} is an embedded engine, and the key is for another one. Remove TRIGGER_API_URL and TRIGGER_SECRET_KEY to use your own, or set both to those of Trigger.dev.`,
    );
  if (isJson && [401, 403].includes(response.status))
    return fix(
      `${name} doesn't know the key. It may be for another server, or replaced: copy it again from the API keys page of that server.`,
    );
  if (isJson && response.status < 500 && previewBranch)
    return fix(
      `${name} has no preview branch ${previewBranch}. Deploy it with npx trigger.dev deploy --env preview, or correct TRIGGER_PREVIEW_BRANCH.`,
    );
  if (response.status >= 500) return note(`${name} answers with status ${response.status}. Try again later.`);
  return fix(
    `${name} isn't the Trigger.dev API. Use the API's address, for example ${CLOUD}, and not that of the dashboard or of this site.`,
  );
}

async function isEmbeddedEngine(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return typeof ((await response.json()) as { uptimeSeconds?: unknown }).uptimeSeconds === "number";
  } catch {
    return false;
  }
}
