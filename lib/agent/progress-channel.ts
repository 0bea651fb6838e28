/** The channel of lib/agent/progress.ts for the server and its tasks. Apart, because the page needs none of the SDK. */
import { sessions } from "@trigger.dev/sdk";
import { type JobControl, type JobProgress, PROGRESS_CHANNEL } from "./progress";

export const progress = sessions.defineChannel<{ out: JobProgress; in: JobControl }>(PROGRESS_CHANNEL);
