-- AlterTable
ALTER TABLE "HumanRequest" ADD COLUMN     "decisionId" TEXT,
ADD COLUMN     "deliverAfter" TIMESTAMP(3),
ADD COLUMN     "deliveryAttempts" INTEGER NOT NULL DEFAULT 0;
