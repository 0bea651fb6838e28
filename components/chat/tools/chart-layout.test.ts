import { expect, it } from "vitest";
import { layOut, scale } from "./chart-layout";

it("has a round scale around the values", () => {
  expect(scale([1000, 3870], false)).toEqual({ from: 1000, to: 4000, step: 1000 });
  expect(scale([12, 19, -3], true)).toEqual({ from: -5, to: 20, step: 5 });
  expect(scale([5, 5], false)).toMatchObject({ from: 2, to: 8 });
  expect(scale([0], true)).toMatchObject({ from: 0, to: 1 });
});

it.each([[[0]], [[1e-9, 3e-9]], [[-1e12, 1e12]], [[7]], [[Number.MAX_VALUE / 4, 0]]])(
  "draws %j inside the picture",
  (y) => {
    for (const chart of ["bar", "line"] as const) {
      const plot = layOut({ chart, x: y.map(String), series: [{ name: "s", y }] }, 340, 240);
      for (const [point, value] of y.entries()) {
        expect(plot.y(value)).toBeGreaterThanOrEqual(0);
        expect(plot.y(value)).toBeLessThanOrEqual(plot.bottom + 0.001);
        expect(plot.x(point)).toBeGreaterThan(plot.left);
        expect(plot.x(point)).toBeLessThan(plot.right);
      }
      expect(plot.yTicks.length).toBeLessThan(12);
      for (const { at } of plot.yTicks) expect(Number.isFinite(at)).toBe(true);
    }
  },
);

it("leaves out labels that would overlap", () => {
  const x = Array.from({ length: 400 }, (_, index) => `Day ${index}`);
  const plot = layOut({ chart: "line", x, series: [{ name: "s", y: x.map(() => 1) }] }, 340, 240);
  expect(plot.xTicks.length).toBeGreaterThan(1);
  expect(plot.xTicks.length).toBeLessThan(8);
});
