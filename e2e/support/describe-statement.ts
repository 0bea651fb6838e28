import type pg from "pg";

/** A returned column as PostgreSQL describes it. `isNullable` is undefined where the column comes from an expression. */
export type DescribedColumn = { name: string; type: string; isNullable: boolean | undefined };

type Field = { name: string; dataTypeID: number; tableID: number; columnID: number };

/** Has PostgreSQL parse the statement and describe its result, without running it. Rejects when it can't be parsed. */
export async function describeStatement(client: pg.Client, text: string): Promise<DescribedColumn[]> {
  const fields = await new Promise<Field[]>((resolve, reject) => {
    let described: Field[] = [];
    // What `client.query` takes beside a text: an object that speaks the extended protocol itself.
    const submittable = {
      submit(connection: { parse(statement: object): void; describe(what: object): void; sync(): void }) {
        connection.parse({ name: "", text, types: [] });
        connection.describe({ type: "S", name: "" });
        connection.sync();
      },
      handleRowDescription: (message: { fields: Field[] }) => (described = message.fields),
      handleError: reject,
      handleReadyForQuery: () => resolve(described),
    };
    client.query(submittable as unknown as pg.Submittable);
  });
  const origins = await client.query<{ table: number; column: number; isNullable: boolean }>(
    `SELECT attrelid::int AS "table", attnum::int AS "column", NOT attnotnull AS "isNullable"
     FROM pg_attribute WHERE attrelid = ANY($1::oid[])`,
    [fields.map(({ tableID }) => tableID)],
  );
  const types = await client.query<{ type: string; name: string }>(
    "SELECT oid::int AS type, format_type(oid, NULL) AS name FROM pg_type WHERE oid = ANY($1::oid[])",
    [fields.map(({ dataTypeID }) => dataTypeID)],
  );
  return fields.map(({ name, dataTypeID, tableID, columnID }) => ({
    name,
    type: types.rows.find(({ type }) => Number(type) === dataTypeID)?.name ?? String(dataTypeID),
    isNullable: origins.rows.find(({ table, column }) => table === tableID && column === columnID)
      ?.isNullable,
  }));
}
