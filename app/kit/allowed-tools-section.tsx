"use client";

import { useState } from "react";
import { AllowedTools } from "@/components/chat/requests/allowed-tools";

/** Tools that run without asking. Revoking the last one fails, to show the refusal. */
export function AllowedToolsSection() {
  const [tools, setTools] = useState([
    { name: "refundPayment", title: "Refund" },
    { name: "sendEmail", title: "Email" },
    { name: "runQuery", title: "Database query" },
  ]);
  return (
    // Not a landmark: the shell beside it already has them.
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
    <div role="group" aria-label="Allowed tools" data-case className="flex flex-col gap-4">
      <h2 className="text-xs text-ink-3">Allowed tools</h2>
      <AllowedTools
        className="w-full max-w-[720px]"
        tools={tools}
        onRevoke={async (name) => {
          if (name === "runQuery") throw new Error("The server did not answer. Try again in a moment.");
          setTools((all) => all.filter((each) => each.name !== name));
        }}
      />
    </div>
  );
}
