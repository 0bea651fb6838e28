import { expect, it } from "vitest";
import { renderToStaticMarkup as renderToString } from "react-dom/server";
import { CodeRunCard, type CodeRunResult, type CodeRunState } from "./code-run-card";
import { CodeRunChart, describe as describeChart } from "./code-run-chart";
import { CodeRunTable } from "./code-run-table";

const render = (state: CodeRunState, result?: CodeRunResult, code = "first();\nsecond();") =>
  renderToString(<CodeRunCard language="javascript" code={code} state={state} result={result} />);

it("says what the code is doing", () => {
  expect(render("preparing")).toContain("Writing");
  expect(render("running")).toContain("Running");
  expect(render("unfinished")).toContain("Stopped");
  expect(render("done", { durationMs: 412 })).toContain("0.4 s");
});

it("shows the line that failed and what to do", () => {
  const html = render("failed", {
    error: { name: "TypeError", message: "no", hint: "Look again.", lines: [2] },
  });
  for (const text of ["TypeError", "Look again.", "second();"]) expect(html).toContain(text);
  expect(html).not.toContain("first();");
});

it("folds a long output and counts what was not kept", () => {
  const html = render("done", {
    output: Array.from({ length: 400 }, (_, n) => `row${n}`).join("\n"),
    omitted: 9_000,
  });
  expect(html).toContain("row11");
  expect(html).not.toContain("row12");
  expect(html).toContain("Show all 400 lines");
  expect(html).toContain("9,000 more characters");
});

it("draws a chart with a text for those who can't see it", () => {
  const chart = {
    chart: "bar" as const,
    title: "Parcels",
    x: ["a", "b"],
    series: [{ name: "N", y: [1, -2] }],
  };
  expect(describeChart(chart)).toBe("Bar chart: Parcels. 2 points. N from -2 to 1.");
  const html = renderToString(<CodeRunChart chart={chart} />);
  expect(html).toContain('role="img"');
  expect(html).toContain("Show as table");
});

it("says of how many rows a table is", () => {
  const table = { columns: ["a"], rows: [[1], [2]], totalRows: 1_000, totalColumns: 30 };
  const html = renderToString(<CodeRunTable table={table} label="Table" />);
  expect(html).toContain("2 of 1,000 rows");
  expect(html).toContain("1 of 30 columns");
});
