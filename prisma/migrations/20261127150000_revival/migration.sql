-- A chat whose answer is awaited is looked at again and again, until it is there.
ALTER TABLE "Chat" ADD COLUMN "lookAt" TIMESTAMPTZ(3);
CREATE INDEX "Chat_lookAt_idx" ON "Chat" ("lookAt") WHERE "lookAt" IS NOT NULL OR status = 'running';

CREATE TABLE "Revival" (
    "chatId" TEXT NOT NULL,
    "question" TEXT NOT NULL,
    "runId" TEXT,
    "begunBy" TEXT,
    "deaths" INTEGER NOT NULL DEFAULT 0,
    "starts" INTEGER NOT NULL DEFAULT 0,
    "notBefore" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Revival_pkey" PRIMARY KEY ("chatId")
);
ALTER TABLE "Revival" ADD CONSTRAINT "Revival_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;
