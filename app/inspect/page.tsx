import type { Metadata } from "next";
import { listSessions, seesEverything } from "./access";
import { Inspector } from "./inspector";
import { NoEngine } from "./no-engine";

export const metadata: Metadata = { title: "Inspect", robots: { index: false, follow: false } };

export default async function InspectPage({ searchParams }: PageProps<"/inspect">) {
  const { session } = await searchParams;
  const list = await listSessions();
  if (list.engine === "none") return <NoEngine />;
  return (
    <Inspector
      initial={list}
      initialKey={typeof session === "string" ? session : undefined}
      scope={seesEverything() ? "all" : "own"}
    />
  );
}
