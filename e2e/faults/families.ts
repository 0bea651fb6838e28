/** Every fault, by what it needs to be broken. */
import type { EngineProcess } from "@/e2e/support/processes";
import { approvalFaults } from "./approvals";
import { browserFaults, startBrowserLab, type BrowserLab } from "./browser";
import { busyFaults } from "./busy";
import { databaseFaults } from "./database";
import { deployFaults } from "./deploys";
import { effectFaults } from "./effects";
import { engineFaults } from "./engine";
import type { Mode } from "@/lib/engine/mode";
import type { Fault } from "./fault";
import { startLab, type Lab } from "./lab";
import { networkFaults } from "./network";
import { reloadFaults } from "./reload";
import { workerFaults } from "./worker";

export type Place = { engine: EngineProcess; close(): Promise<void> };

export type Family<P extends Place> = { faults: Array<Fault<P>>; start: (mode: Mode) => Promise<P> };

/** Each has an engine and a database of its own, so that what one family breaks is not in the way of the next. */
export const labFamilies: Array<Family<Lab>> = [
  workerFaults,
  engineFaults,
  databaseFaults,
  reloadFaults,
  networkFaults,
  effectFaults,
  approvalFaults,
  busyFaults,
]
  .map((faults): Family<Lab> => ({ faults, start: startLab }))
  .concat({ faults: deployFaults, start: (mode) => startLab(mode, { isDeployable: true }) });

export const labFaults = labFamilies.flatMap(({ faults }) => faults);

export const browserFamily: Family<BrowserLab> = { faults: browserFaults, start: startBrowserLab };
