"use client";

import { useCallback, useEffect, useState } from "react";
import { SideChannel, type SideChannelOptions } from "./side-channel";

export type JobState = "running" | "done" | "canceled" | "failed";

/** A record of the channel: how far a job is. */
export type JobProgress = { jobId: string; state: JobState; done: number; total: number };

type JobControl = { jobId: string; cancel: true };

type JobChannel = SideChannel<JobProgress, JobControl>;

/** One stream per chat, however many jobs the page shows. */
const channels = new Map<string, JobChannel>();

/**
 * The live progress of a job, from a side channel of the chat's session. `known` is what the page knows without the
 * stream: it is shown until the stream says more, and a job that is known to have ended opens no stream.
 */
export function useJobProgress(
  jobId: string,
  known: JobProgress | undefined,
  options: SideChannelOptions,
): { progress: JobProgress | undefined; cancel: () => Promise<void> } {
  const [live, setLive] = useState<JobProgress>();
  const progress = newer(live, known);
  const hasEnded = progress !== undefined && progress.state !== "running";
  const { baseURL, sessionId, name, mintAccessToken } = options;
  const channel = useCallback((): JobChannel => {
    const key = `${baseURL} ${sessionId} ${name}`;
    const opened =
      channels.get(key) ??
      new SideChannel<JobProgress, JobControl>({ baseURL, sessionId, name, mintAccessToken });
    channels.set(key, opened);
    return opened;
  }, [baseURL, mintAccessToken, name, sessionId]);

  useEffect(() => {
    if (hasEnded) return undefined;
    return channel().listen((record) => {
      if (record.jobId === jobId) setLive((before) => newer(record, before));
    });
  }, [channel, hasEnded, jobId]);

  const cancel = useCallback(() => channel().send({ jobId, cancel: true }), [channel, jobId]);
  return { progress, cancel };
}

/** Whichever says more: a job only moves forward, and it ends once. */
function newer(one: JobProgress | undefined, other: JobProgress | undefined): JobProgress | undefined {
  if (!one || !other) return one ?? other;
  if (one.state !== "running") return one;
  if (other.state !== "running") return other;
  return one.done >= other.done ? one : other;
}
