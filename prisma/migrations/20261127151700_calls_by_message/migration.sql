-- A request is named by its message and its call, because providers repeat the ids of calls. The message counts by its
-- id in the conversation: a node may have another one.
UPDATE "HumanRequest" r SET "messageId" = m."messageId"
FROM "Message" m WHERE m."chatId" = r."chatId" AND m.id = r."messageId" AND m."messageId" <> m.id;

UPDATE "Checkpoint" c SET "messageId" = m."messageId"
FROM "Message" m WHERE m."chatId" = c."chatId" AND m.id = c."messageId" AND m."messageId" <> m.id
  AND NOT EXISTS (SELECT 1 FROM "Checkpoint" o WHERE o."chatId" = c."chatId" AND o."messageId" = m."messageId")
  AND (SELECT count(*) FROM "Message" n WHERE n."chatId" = c."chatId" AND n."messageId" = m."messageId") = 1;

-- DropIndex
DROP INDEX "HumanRequest_chatId_messageId_idx";

-- AlterTable
ALTER TABLE "Effect" ADD COLUMN     "answerId" TEXT;

-- Until here the call alone named the request, so it leads to the one that was meant.
UPDATE "Effect" e SET "answerId" = r."messageId"
FROM "HumanRequest" r WHERE r."chatId" = e."chatId" AND r."toolCallId" = e."toolCallId";

-- AlterTable
ALTER TABLE "HumanRequest" DROP CONSTRAINT "HumanRequest_pkey",
ADD CONSTRAINT "HumanRequest_pkey" PRIMARY KEY ("chatId", "messageId", "toolCallId");
