"use client";

import { useCallback } from "react";
import { useQuery } from "@tanstack/react-query";
import { useJobProgress } from "@/components/chat/durable/side-channels/use-job-progress";
import { KnownError } from "@/components/chat/shared/known-error";
import { JobCard } from "@/components/chat/tools/job-card";
import { PROGRESS_CHANNEL, type StartedJob } from "@/lib/agent/progress";
import { describeError } from "./actions/expected-error";
import { mintProgressToken } from "./actions/session";
import { readLongJob } from "./reads/fetchers";

export type LongJobProps = { chatId: string; job: StartedJob; baseURL: string };

/** How often a running job is read besides its stream, which may have been emptied. */
const READ_EVERY_MS = 10_000;

/** A job that the tool `longJob` started, live. */
export function LongJob({ chatId, job: { jobId, name }, baseURL }: LongJobProps) {
  const { data: known, error } = useQuery({
    queryKey: ["long-job", chatId, jobId],
    queryFn: ({ signal }) => readLongJob(chatId, jobId, signal),
    refetchInterval: ({ state }) => (state.data && state.data.state !== "running" ? false : READ_EVERY_MS),
    refetchOnMount: "always",
  });
  const mintAccessToken = useCallback(() => mintProgressToken(chatId), [chatId]);
  const channel = { baseURL, sessionId: chatId, name: PROGRESS_CHANNEL, mintAccessToken };
  const { progress, cancel } = useJobProgress(jobId, known, channel);
  return (
    <JobCard
      name={name}
      progress={progress}
      onCancel={() =>
        cancel().catch((reason: unknown) => Promise.reject(new KnownError(describeError(reason))))
      }
      problem={progress === undefined && error ? describeError(error) : undefined}
    />
  );
}
