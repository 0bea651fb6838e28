import { expect, it } from "vitest";
import { changesBetween, humanize, labelOfPath } from "./json";

it("names what an edit changed, down to the values", () => {
  expect(
    changesBetween(
      { amount: 89, item: "lamp", to: { city: "Oslo", zip: "1" }, gone: 1, list: [1, 2] },
      { amount: 75, item: "lamp", to: { city: "Bergen", zip: "1" }, list: [1, 3], fresh: null },
    ),
  ).toEqual([
    { path: "amount", before: 89, after: 75 },
    { path: "to.city", before: "Oslo", after: "Bergen" },
    { path: "gone", before: 1 },
    { path: "list", before: [1, 2], after: [1, 3] },
    { path: "fresh", after: null },
  ]);
});

it("turns keys into words", () => {
  expect(["deliveryDate", "order_id", "", "a"].map(humanize)).toEqual(["Delivery date", "Order id", "", "A"]);
});

it("names a value by the titles of its schema, and by its keys where there is none", () => {
  const schema = { properties: { to: { title: "Receiver", properties: { zip: { title: "ZIP code" } } } } };
  expect(labelOfPath(schema, "to.zip")).toBe("Receiver · ZIP code");
  expect(labelOfPath(schema, "to.cityName")).toBe("Receiver · City name");
  expect(labelOfPath(null, "orderId")).toBe("Order id");
  expect(labelOfPath(schema, "__proto__.constructor")).toBe("Proto · Constructor");
});
