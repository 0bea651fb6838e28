-- The sub-agents of a chat, each with a durable session of its own.
CREATE TABLE "SubAgent" (
    "id" TEXT NOT NULL,
    "chatId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "transcript" JSONB NOT NULL DEFAULT '{"entries":[],"state":null}',
    "lastOutEventId" TEXT,
    "lastInEventId" TEXT,
    "runId" TEXT,
    "runCreatedAt" TIMESTAMP(3),
    "answered" TEXT,
    "failure" TEXT,
    "asked" TEXT,
    "askedAt" TIMESTAMPTZ(3),
    "answerId" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "SubAgent_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "SubAgent_chatId_idx" ON "SubAgent"("chatId");

ALTER TABLE "SubAgent" ADD CONSTRAINT "SubAgent_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Its session is ended with its row, as that of a chat is.
CREATE TRIGGER "SubAgent_ends_session" AFTER DELETE ON "SubAgent"
FOR EACH ROW EXECUTE FUNCTION "endSessionForGood"();
