-- CreateTable
CREATE TABLE "LongJob" (
    "id" TEXT NOT NULL,
    "chatId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "total" INTEGER NOT NULL,
    "done" INTEGER NOT NULL DEFAULT 0,
    "state" TEXT NOT NULL DEFAULT 'running',
    "runId" TEXT,
    "starts" INTEGER NOT NULL DEFAULT 0,
    "movedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "LongJob_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "LongJob_chatId_idx" ON "LongJob"("chatId");

-- CreateIndex
CREATE INDEX "LongJob_state_movedAt_idx" ON "LongJob"("state", "movedAt");

-- AddForeignKey
ALTER TABLE "LongJob" ADD CONSTRAINT "LongJob_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;
