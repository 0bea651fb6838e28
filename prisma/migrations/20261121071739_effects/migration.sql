-- CreateTable
CREATE TABLE "Effect" (
    "key" TEXT NOT NULL,
    "chatId" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "tool" TEXT NOT NULL,
    "toolCallId" TEXT,
    "input" JSONB NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'started',
    "output" JSONB,
    "error" TEXT,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "runId" TEXT,
    "holder" TEXT NOT NULL,
    "leaseUntil" TIMESTAMPTZ(3) NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMPTZ(3),
    "settledBy" TEXT,

    CONSTRAINT "Effect_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "DemoEntry" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "idempotencyKey" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "DemoEntry_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Effect_chatId_startedAt_idx" ON "Effect"("chatId", "startedAt");

-- CreateIndex
CREATE UNIQUE INDEX "DemoEntry_idempotencyKey_key" ON "DemoEntry"("idempotencyKey");

-- AddForeignKey
ALTER TABLE "Effect" ADD CONSTRAINT "Effect_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;
