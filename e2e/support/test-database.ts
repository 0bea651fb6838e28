import pg from "pg";

/** Name of the database that carries every migration and no rows; test databases are copies of it. */
export const MIGRATED_TEMPLATE = "holdfast_template";

export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

export async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
