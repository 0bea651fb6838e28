/** The ways through a chat's tree, as members of a `WITH RECURSIVE` list. Each step is one lookup by key. */
import { empty, sql, type Sql } from "@/lib/db/statement";
import { STEERING_PREFIX } from "../steering-id";

const columns = sql`"chatId", id, "messageId", "parentId", role, final, "order", "removedAt"`;

type PathOptions = {
  /** At most this many nodes. */
  limit?: number | undefined;
  /** A condition on `path`, a node already reached: its parent follows only while it holds. */
  climbsWhile?: Sql;
};

/**
 * `path`: the node whose id is `start` and every node above it, with the start at depth 1. `LIMIT 1` keeps each step a
 * lookup by key: without it the planner may scan the whole chat for one step.
 */
export function pathUp(chatId: string | Sql, start: string | Sql, options: PathOptions = {}): Sql {
  const { limit, climbsWhile = sql`true` } = options;
  const node = (id: string | Sql) =>
    sql`SELECT ${columns} FROM "Message" WHERE "chatId" = ${chatId} AND id = ${id} LIMIT 1`;
  return sql`
    path AS (
      SELECT first.*, 1 AS depth FROM (${node(start)}) first
      UNION ALL
      SELECT next.*, path.depth + 1 FROM path, LATERAL (${node(sql`path."parentId"`)}) next
      WHERE ${climbsWhile} ${limit === undefined ? empty : sql`AND path.depth < ${limit}`}
    )`;
}

/** `below`: the node and, step by step, the child that was shown last, with the node at depth 0. */
export function branchBelow(chatId: string, nodeId: string): Sql {
  return sql`
    below AS (
      SELECT id, ${asks(sql`m`)} AS asks, 0 AS depth FROM "Message" m WHERE "chatId" = ${chatId} AND id = ${nodeId}
      UNION ALL
      SELECT child.id, child.asks, below.depth + 1 FROM below, LATERAL (
        SELECT id, ${asks(sql`m`)} AS asks FROM "Message" m
        WHERE "chatId" = ${chatId} AND "parentId" = below.id AND "removedAt" IS NULL
        ORDER BY seen DESC, "order" DESC LIMIT 1
      ) child
    )`;
}

/**
 * `apart`: the nodes above `headId`, up to the one where the branch of `otherId` meets it. Both branches are climbed at
 * once, always the newer node first, so a long shared history is never walked.
 */
export function pathApart(chatId: string, headId: string, otherId: string | null): Sql {
  return sql`
    apart AS (
      SELECT m.id, m."parentId", m."order", o.id AS "otherId", o."parentId" AS "otherParentId", o."order" AS "otherOrder"
        FROM "Message" m LEFT JOIN "Message" o ON o."chatId" = m."chatId" AND o.id = ${otherId}
        WHERE m."chatId" = ${chatId} AND m.id = ${headId}
      UNION ALL
      SELECT
        CASE WHEN climbs THEN next.id ELSE apart.id END,
        CASE WHEN climbs THEN next."parentId" ELSE apart."parentId" END,
        CASE WHEN climbs THEN next."order" ELSE apart."order" END,
        CASE WHEN climbs THEN apart."otherId" ELSE next.id END,
        CASE WHEN climbs THEN apart."otherParentId" ELSE next."parentId" END,
        CASE WHEN climbs THEN apart."otherOrder" ELSE next."order" END
      FROM apart
        CROSS JOIN LATERAL (SELECT apart."otherId" IS NULL OR apart."order" > apart."otherOrder" AS climbs) newer
        LEFT JOIN LATERAL (
          SELECT id, "parentId", "order" FROM "Message"
          WHERE "chatId" = ${chatId} AND id = CASE WHEN climbs THEN apart."parentId" ELSE apart."otherParentId" END LIMIT 1
        ) next ON true
      WHERE apart.id IS DISTINCT FROM apart."otherId" AND (next.id IS NOT NULL OR NOT climbs)
    )`;
}

/**
 * Whether a node begins an exchange. A message that was steered into a running answer stands right below the question
 * of that answer, and belongs to its exchange; one that came too late to steer is a question like any other.
 */
export function asks(node: Sql): Sql {
  return sql`(${node}.role = 'user' AND (${node}."messageId" NOT LIKE ${`${STEERING_PREFIX}%`} OR NOT EXISTS (
    SELECT 1 FROM "Message" above
    WHERE above."chatId" = ${node}."chatId" AND above.id = ${node}."parentId" AND above.role = 'user'
  )))`;
}
