-- What a link shows is what was there when it was made. Only an answer with calls in it, or one that was broken off,
-- can still become another one.
ALTER TABLE "Share" ADD COLUMN "snapshot" JSONB NOT NULL DEFAULT '{}';

-- Of links that are there already: what such an answer said when it last paused before the link was made.
UPDATE "Share" s SET "snapshot" = COALESCE((
  WITH RECURSIVE path AS (
    SELECT m.id, m."parentId" FROM "Message" m WHERE m."chatId" = s."chatId" AND m.id = s."headId"
    UNION ALL
    SELECT m.id, m."parentId" FROM path JOIN "Message" m ON m."chatId" = s."chatId" AND m.id = path."parentId"
  )
  SELECT jsonb_object_agg(path.id, COALESCE(seen.message, m.message))
  FROM path
  JOIN "Message" m ON m."chatId" = s."chatId" AND m.id = path.id AND m.role = 'assistant'
  LEFT JOIN LATERAL (
    SELECT c.message FROM "Checkpoint" c
    WHERE c."chatId" = s."chatId" AND c."messageId" = m.id AND c."createdAt" <= s."createdAt"
    ORDER BY c.number DESC LIMIT 1
  ) seen ON true
  WHERE NOT m.final OR m.message->>'parts' ~ '"type": "(tool-|dynamic-tool)'
), '{}');
