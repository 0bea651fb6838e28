import { Prisma } from "@/prisma/generated/client";

/** For raw SQL. Columns have no time zone and hold UTC, whatever zone the connection is in. */
export function timestamp(date: Date): Prisma.Sql {
  return Prisma.sql`${date.toISOString().slice(0, -1)}::text::timestamp`;
}
