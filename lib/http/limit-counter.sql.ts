/** The statements of rate-limiter-flexible, which writes its own SQL, on the connections that Prisma has. */
import type { Db } from "@/lib/db/client";

/** What the library asks of a client of `pg`. */
export function limiterClient(db: Db) {
  return {
    async query({ text, values }: { text: string; values: (string | number | null)[] }) {
      const given = values.map((value) => (Number.isInteger(value) ? BigInt(value as number) : value));
      const found = await db.$queryRawUnsafe<{ points: number; expire: bigint | null }[]>(text, ...given);
      const rows = found.map((row) => ({ ...row, expire: row.expire === null ? null : Number(row.expire) }));
      return { rows, rowCount: rows.length };
    },
  };
}
