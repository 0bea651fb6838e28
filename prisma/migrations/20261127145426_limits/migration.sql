-- CreateTable
CREATE TABLE "LimitCounter" (
    "key" TEXT NOT NULL,
    "points" INTEGER NOT NULL,
    "expire" BIGINT,

    CONSTRAINT "LimitCounter_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "Spending" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "chatId" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "inputTokens" INTEGER NOT NULL,
    "outputTokens" INTEGER NOT NULL,
    "cost" DOUBLE PRECISION,
    "isEstimate" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Spending_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "LimitCounter_expire_idx" ON "LimitCounter"("expire");

-- CreateIndex
CREATE INDEX "Spending_userId_createdAt_idx" ON "Spending"("userId", "createdAt");

-- CreateIndex
CREATE INDEX "Spending_createdAt_idx" ON "Spending"("createdAt");
