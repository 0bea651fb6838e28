-- CreateTable
CREATE TABLE "EventSource" (
    "userId" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "chatId" TEXT,
    "toldAt" TIMESTAMPTZ(3),
    "toldSequence" BIGINT,
    "lease" TEXT,
    "leaseUntil" TIMESTAMPTZ(3),

    CONSTRAINT "EventSource_pkey" PRIMARY KEY ("userId","source")
);

-- CreateTable
CREATE TABLE "WebhookEvent" (
    "userId" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "sequence" BIGINT,
    "data" TEXT NOT NULL,
    "isLate" BOOLEAN NOT NULL DEFAULT false,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deliveredAt" TIMESTAMPTZ(3),

    CONSTRAINT "WebhookEvent_pkey" PRIMARY KEY ("userId","source","id")
);

-- CreateIndex
CREATE INDEX "WebhookEvent_deliveredAt_idx" ON "WebhookEvent"("deliveredAt");

-- AddForeignKey
ALTER TABLE "EventSource" ADD CONSTRAINT "EventSource_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "WebhookEvent" ADD CONSTRAINT "WebhookEvent_userId_source_fkey" FOREIGN KEY ("userId", "source") REFERENCES "EventSource"("userId", "source") ON DELETE CASCADE ON UPDATE CASCADE;
