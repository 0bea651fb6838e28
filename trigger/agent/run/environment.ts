/** Where a run lives: on Trigger.dev, under `trigger dev`, or on the embedded engine. */

type RunContext = {
  environment: { type: string };
  project: { ref: string };
};

/** What runs of the embedded engine say of their project. */
const EMBEDDED_PROJECT = "proj_local";

/** True under `trigger dev`. The embedded engine calls its environment a development one, too. */
export function isTriggerDev({ environment, project }: RunContext): boolean {
  return environment.type === "DEVELOPMENT" && project.ref !== EMBEDDED_PROJECT;
}
