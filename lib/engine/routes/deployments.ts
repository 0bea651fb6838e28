/** What is deployed: on this engine, the newest bundle that boots. Runs compare it with their own version. */
import { json } from "../http/reply";
import { type Route, route } from "../http/route";
import type { WorkerHost } from "../worker/worker-host";

export function deploymentRoutes({ host }: { host: WorkerHost }): Route[] {
  return [
    route("GET /api/v1/deployments/current", {}, () => {
      const version = host.version();
      const at = host.adoptedAt();
      return json(200, {
        id: `deployment_${version}`,
        shortCode: version.slice(0, 8),
        version,
        status: "DEPLOYED",
        runtime: "node",
        runtimeVersion: process.version,
        createdAt: at,
        deployedAt: at,
      });
    }),
  ];
}
