import { randomBytes, randomInt } from "node:crypto";

const BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function createId(prefix: "session" | "run" | "waitpoint"): string {
  return `${prefix}_${randomBytes(12).toString("hex")}`;
}

export function randomBase62(length: number): string {
  return Array.from({ length }, () => BASE62[randomInt(BASE62.length)]).join("");
}
