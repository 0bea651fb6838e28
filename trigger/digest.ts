/**
 * Tells people on a schedule what waits for their decision. Declared here, it runs on Trigger.dev and on the embedded
 * engine alike. Without `DIGEST_CRON` it has no schedule, and nothing is sent.
 */
import { schedules } from "@trigger.dev/sdk";
import { db } from "@/lib/db/client";
import { env } from "@/lib/env";
import { sendDigests } from "@/lib/notices/digest";

export const digest = schedules.task({
  id: "digest",
  ...(env.DIGEST_CRON && { cron: { pattern: env.DIGEST_CRON, timezone: env.DIGEST_TIME_ZONE } }),
  queue: { concurrencyLimit: 1 },
  // What was sent is recorded, so an attempt after a failure sends only the rest.
  retry: { maxAttempts: 3 },
  run: () => sendDigests(db),
});
