import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { connection } from "next/server";
import { hasCrashButton, isOpen, listSessions, seesEverything } from "./access";
import { Inspector } from "./inspector";
import { NoEngine } from "./no-engine";
import { ReadClientProvider } from "@/app/(chat)/_chat/reads/read-client";

export const metadata: Metadata = { title: "Inspect", robots: { index: false, follow: false } };

export default async function InspectPage() {
  await connection();
  if (!(await isOpen())) notFound();
  const list = await listSessions();
  if (list.engine === "none") return <NoEngine />;
  return (
    <ReadClientProvider>
      <Inspector initial={list} scope={seesEverything() ? "all" : "own"} canCrash={hasCrashButton()} />
    </ReadClientProvider>
  );
}
