-- Outputs that say something about their call bear a mark from now on (lib/chat/marks.ts). Those that are ours get it
-- where another table, or the sub-agent's tool, says so. Any other that looks like one is what a tool returned.
UPDATE "Message" m SET message = jsonb_set(m.message, '{parts}', (
  SELECT jsonb_agg(CASE
    WHEN jsonb_typeof(part -> 'output') IS DISTINCT FROM 'object' THEN part
    WHEN part ->> 'type' = 'tool-delegate' AND jsonb_typeof(part #> '{output,asked}') = 'object'
      THEN jsonb_set(part, '{output,$holdfast}', '"sub-agent"')
    WHEN part #>> '{output,outcome}' = 'unknown' AND EXISTS (
      SELECT 1 FROM "Effect" e WHERE e."chatId" = m."chatId" AND e.key = part #>> '{output,effect}'
    ) THEN jsonb_set(part, '{output,$holdfast}', '"unknown-outcome"')
    WHEN part -> 'output' ? 'approvedInput' AND EXISTS (
      SELECT 1 FROM "HumanRequest" r WHERE r."chatId" = m."chatId" AND r."messageId" = m."messageId"
        AND r."toolCallId" = part ->> 'toolCallId' AND r."editedInput" IS NOT NULL
    ) THEN jsonb_set(part, '{output,$holdfast}', '"edited"')
    WHEN part #> '{output,skipped}' = 'true' AND part ->> 'type' IN ('tool-askQuestion', 'tool-askDelivery')
      THEN jsonb_set(part, '{output,$holdfast}', '"unanswered"')
    ELSE part - '$holdfast'
  END ORDER BY place)
  FROM jsonb_array_elements(m.message -> 'parts') WITH ORDINALITY AS parts(part, place)
))
WHERE m.role = 'assistant' AND jsonb_typeof(m.message -> 'parts') = 'array'
  AND (m.message::text LIKE '%"asked"%' OR m.message::text LIKE '%"outcome"%'
    OR m.message::text LIKE '%"approvedInput"%' OR m.message::text LIKE '%"skipped"%');
