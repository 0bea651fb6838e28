import { expect, it } from "vitest";
import { readBody } from "./read-body";

const KB = 1024;

/** A request that sends `size` bytes in small pieces, and notes how many were taken. */
function upload(size: number, headers: Record<string, string> = {}) {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sent >= size) return controller.close();
        sent += KB;
        controller.enqueue(new Uint8Array(KB).fill(7));
      },
    },
    { highWaterMark: 0 },
  );
  const request = new Request("http://localhost/attachments", {
    method: "POST",
    body,
    headers,
    duplex: "half",
  } as RequestInit);
  return { request, sent: () => sent };
}

const options = { limit: 4 * KB, drainBytes: 8 * KB };

it("is what was sent, up to the limit", async () => {
  const { request } = upload(4 * KB);
  expect(await readBody(request, options)).toEqual(new Uint8Array(4 * KB).fill(7));
});

it.each([
  ["that says so", { "content-length": String(10 * KB) }],
  ["that says nothing", {}],
  ["that lies", { "content-length": "10" }],
])(
  "of a file that is too large, and %s, is read to its end, so that its sender hears why",
  async (_, headers) => {
    const { request, sent } = upload(10 * KB, headers as Record<string, string>);
    expect(await readBody(request, options)).toBeNull();
    expect(sent()).toBe(10 * KB);
  },
);

it("is not read on and on", async () => {
  const endless = upload(Infinity);
  expect(await readBody(endless.request, options)).toBeNull();
  expect(endless.sent()).toBeLessThan(15 * KB);
  const slow = upload(12 * KB);
  expect(await readBody(slow.request, { ...options, drainMs: -1 })).toBeNull();
  expect(slow.sent()).toBeLessThan(7 * KB);
  const announced = upload(Infinity, { "content-length": String(1024 * KB) });
  expect(await readBody(announced.request, options)).toBeNull();
  expect(announced.sent()).toBe(0);
});
