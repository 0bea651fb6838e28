-- CreateTable
CREATE TABLE "HumanRequest" (
    "chatId" TEXT NOT NULL,
    "toolCallId" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "tool" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "why" TEXT,
    "input" JSONB NOT NULL,
    "schema" JSONB,
    "phrase" TEXT,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "output" JSONB,
    "editedInput" JSONB,
    "reason" TEXT,
    "decidedBy" TEXT,
    "decidedVia" TEXT,
    "decidedAt" TIMESTAMP(3),
    "expiresAt" TIMESTAMP(3),
    "notifiedAt" TIMESTAMP(3),
    "deliveredAt" TIMESTAMP(3),
    "deliveries" INTEGER NOT NULL DEFAULT 0,
    "settledAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "HumanRequest_pkey" PRIMARY KEY ("chatId","toolCallId")
);

-- CreateTable
CREATE TABLE "ToolPermission" (
    "chatId" TEXT NOT NULL,
    "tool" TEXT NOT NULL,
    "grantedBy" TEXT NOT NULL,
    "grantedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ToolPermission_pkey" PRIMARY KEY ("chatId","tool")
);

-- CreateTable
CREATE TABLE "Checkpoint" (
    "chatId" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "message" JSONB NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Checkpoint_pkey" PRIMARY KEY ("chatId","messageId","number")
);

-- CreateIndex
CREATE INDEX "HumanRequest_chatId_messageId_idx" ON "HumanRequest"("chatId", "messageId");

-- AddForeignKey
ALTER TABLE "HumanRequest" ADD CONSTRAINT "HumanRequest_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ToolPermission" ADD CONSTRAINT "ToolPermission_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Checkpoint" ADD CONSTRAINT "Checkpoint_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What waits for somebody, and decisions of which nothing has come yet: few rows among many.
CREATE INDEX "HumanRequest_pending_idx" ON "HumanRequest"("chatId") WHERE "state" = 'pending';
CREATE INDEX "HumanRequest_unsettled_idx" ON "HumanRequest"("decidedAt") WHERE "state" <> 'pending' AND "settledAt" IS NULL;
CREATE INDEX "HumanRequest_due_idx" ON "HumanRequest"("expiresAt") WHERE "state" = 'pending' AND "expiresAt" IS NOT NULL;
