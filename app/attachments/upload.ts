import type { FileUIPart } from "ai";
import {
  type AttachmentLimits,
  type UploadFile,
  UploadError,
} from "@/components/chat/composer/use-attachments";
import { MAX_FILE_BYTES, MAX_FILES_PER_MESSAGE } from "@/lib/attachments/limits";
import { ACCEPTED_TYPES } from "@/lib/attachments/accepted-types";

export const attachmentLimits: AttachmentLimits = {
  maxBytes: MAX_FILE_BYTES,
  maxFiles: MAX_FILES_PER_MESSAGE,
  // Text files have many extensions, so the dialog shows all files, and the server checks their content.
  accept: "",
  acceptOnIos: [...ACCEPTED_TYPES, "text/*"].join(","),
};

/** Sends one file to `POST /attachments`. Uses XMLHttpRequest, because `fetch` can't report upload progress. */
export const uploadAttachment: UploadFile = (file, { onProgress, signal }) =>
  new Promise<FileUIPart>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/attachments?name=${encodeURIComponent(file.name)}`);
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) =>
      onProgress(total ? loaded / total : 0),
    );
    request.addEventListener("load", () => {
      const { status, response } = request;
      if (status === 201 && response) {
        const { url, mediaType, filename } = response as FileUIPart;
        return resolve({ type: "file", url, mediaType, ...(filename && { filename }) });
      }
      const error = (response as { error?: string } | null)?.error;
      // Retrying a refused file is useless, unless the server was only too busy.
      reject(
        new UploadError(error ?? "The upload failed.", status >= 500 || status === 429 || status === 401),
      );
    });
    request.addEventListener("error", () =>
      reject(new UploadError("The connection was lost during the upload.", true)),
    );
    request.addEventListener("abort", () => reject(new UploadError("The upload was canceled.", true)));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
