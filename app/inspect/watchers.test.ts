import { expect, it, vi } from "vitest";
import { joinWatchers } from "./watchers";

vi.mock("server-only", () => ({}));

it("lets so many watch one session, and so many in all, and counts who leaves once", () => {
  const first = Array.from({ length: 9 }, () => joinWatchers("a"));
  expect(first.filter(Boolean)).toHaveLength(8);
  first[0]?.();
  first[0]?.();
  expect(joinWatchers("a")).not.toBeNull();
  expect(joinWatchers("a")).toBeNull();
  const others = Array.from({ length: 70 }, (_, index) => joinWatchers(`b${index}`));
  expect(others.filter(Boolean)).toHaveLength(56);
  for (const leave of others) leave?.();
  expect(joinWatchers("c")).not.toBeNull();
});
