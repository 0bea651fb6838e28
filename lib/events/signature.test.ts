import { beforeEach, describe, expect, it, vi } from "vitest";
import { hookSecret, sign, signatureProblem } from "./signature";

const body = Buffer.from('{"type":"order.paid"}');
const now = new Date("2026-01-31T09:30:00Z");
const timestamp = String(now.getTime() / 1000);
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const headers = (changed: Partial<{ id: string; timestamp: string; signature: string }> = {}) => {
  const named = { id: "msg_1", timestamp, ...changed };
  return { ...named, signature: changed.signature ?? sign(secret, named, body) };
};

it("signs as Standard Webhooks does", () => {
  // The example of the specification's own libraries.
  const example = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: "1614265330" };
  expect(sign(secret, example, Buffer.from('{"test": 2432232314}'))).toBe(
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  );
});

describe("an event", () => {
  it("is accepted with its signature, among several, and within five minutes", () => {
    expect(signatureProblem(secret, headers(), body, now)).toBeUndefined();
    const several = `v1,AAAA v1a,x ${headers().signature}`;
    expect(signatureProblem(secret, headers({ signature: several }), body, now)).toBeUndefined();
    for (const minutes of [-5, 5]) {
      const then = new Date(now.getTime() + minutes * 60_000);
      expect(signatureProblem(secret, headers(), body, then)).toBeUndefined();
    }
  });

  it.each([
    ["another body", headers(), Buffer.from('{"type":"order.paid" }')],
    ["another id", { ...headers(), id: "msg_2" }, body],
    ["another time", { ...headers(), timestamp: String(Number(timestamp) + 1) }, body],
    ["another secret", { ...headers(), signature: sign("whsec_AAAA", headers(), body) }, body],
    ["no version", headers({ signature: headers().signature.slice(3) }), body],
    ["half of it", headers({ signature: headers().signature.slice(0, 20) }), body],
    ["nothing", headers({ signature: " " }), body],
  ])("is refused with a signature of %s", (_, given, sent) => {
    expect(signatureProblem(secret, given, sent, now)).toMatch(/^`webhook-signature` doesn't match/);
    expect(signatureProblem(null, given, sent, now)).toMatch(/^`webhook-signature` doesn't match/);
  });

  it.each([
    [301, "too old"],
    [-301, "in the future"],
  ])("is refused when it was signed %i seconds ago", (seconds, words) => {
    const then = new Date(now.getTime() + seconds * 1000);
    expect(signatureProblem(secret, headers(), body, then)).toContain(`\`webhook-timestamp\` is ${words}`);
  });

  it("is refused when its time is none, however it is signed", () => {
    for (const odd of ["soon", "1e400", "NaN"])
      expect(signatureProblem(secret, headers({ timestamp: odd }), body, now)).toContain(
        "`webhook-timestamp`",
      );
  });
});

describe("a person's secret", () => {
  beforeEach(() => void vi.stubEnv("HOOKS_SECRET", "a seed of at least thirty-two characters"));

  it("is the person's own, and changes with the seed", () => {
    const [ada, ben] = [hookSecret("ada"), hookSecret("ben")];
    expect(ada).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(hookSecret("ada")).toBe(ada);
    expect(ben).not.toBe(ada);
    vi.stubEnv("HOOKS_SECRET", "another seed of at least thirty-two characters");
    expect(hookSecret("ada")).not.toBe(ada);
  });
});
