import type { Row } from "./report";
import type { Stage } from "./stage";

export type Bench = {
  name: string;
  /** What it measures, in a few words for the progress line. */
  about: string;
  run(stage: Stage, options: { rounds: number }): Promise<Row[]>;
};
