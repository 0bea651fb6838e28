"use client";

import { CodeRunCard } from "@/components/chat/tools/code-run-card";
import { CodeRunChart } from "@/components/chat/tools/code-run-chart";
import { Case, Column } from "./case";

const code = `const tides = [1.2, 0.4, 1.4, 0.3];
const mean = tides.reduce((sum, each) => sum + each) / tides.length;
console.log("Mean", mean.toFixed(2));
tides.map((height, index) => ({ tide: index + 1, height, isHigh: height > mean }));`;

const broken = `const order = { total: 75 };
const refund = order.refunds.total;
console.log(refund);`;

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"];

/** Code that an agent runs, in every state. */
export function CodeRunSection() {
  return (
    <>
      <Case name="Code run">
        <Column className="gap-3">
          <CodeRunCard language="javascript" code={code.slice(0, 60)} state="preparing" />
          <CodeRunCard language="typescript" code={code} state="running" />
          <CodeRunCard
            language="javascript"
            code={code}
            state="done"
            result={{
              durationMs: 34,
              output: "Mean 0.82",
              table: {
                columns: ["tide", "height", "isHigh"],
                rows: [
                  [1, 1.2, true],
                  [2, 0.4, false],
                  [3, 1.4, true],
                  [4, 0.3, false],
                ],
                totalRows: 4,
                totalColumns: 3,
              },
            }}
          />
          <CodeRunCard
            language="python"
            code="sum(range(101))"
            state="done"
            result={{ durationMs: 1_400, value: "5050" }}
          />
          <CodeRunCard
            language="javascript"
            code="for (;;) console.log('wave')"
            state="failed"
            result={{
              durationMs: 10_020,
              output: "wave\n".repeat(400),
              omitted: 51_204_000,
              error: {
                message: "The code ran longer than 10 s and was stopped.",
                hint: "Look for a loop that never ends, or do less at once.",
              },
              restarted: true,
            }}
          />
          <CodeRunCard
            language="javascript"
            code={broken}
            state="failed"
            result={{
              durationMs: 2,
              error: {
                name: "TypeError",
                message: "cannot read property 'total' of undefined",
                lines: [2],
              },
            }}
          />
          <CodeRunCard language="javascript" code={code} state="unfinished" />
        </Column>
      </Case>
      <Case name="Charts of code">
        <Column className="gap-8">
          <CodeRunChart
            chart={{
              chart: "bar",
              title: "Parcels",
              yLabel: "Parcels",
              x: months,
              series: [{ name: "Parcels", y: [12, 19, 7, -3, 15, 22] }],
            }}
          />
          <CodeRunChart
            chart={{
              chart: "line",
              title: "1,000 EUR with interest",
              xLabel: "Years",
              yLabel: "EUR",
              x: Array.from({ length: 21 }, (_, year) => year),
              series: [0.03, 0.05, 0.07].map((rate) => ({
                name: `${Math.round(rate * 100)} %`,
                y: Array.from({ length: 21 }, (_, year) => Math.round(1_000 * (1 + rate) ** year)),
              })),
            }}
          />
        </Column>
      </Case>
    </>
  );
}
