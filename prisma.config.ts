import { defineConfig } from "prisma/config";

// Only for people who use Prisma's own CLI; `npm run db:migrate` needs no download (prisma/migrate.ts).
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.DATABASE_URL ?? "" },
});
