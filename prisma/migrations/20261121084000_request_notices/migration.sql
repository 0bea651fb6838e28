-- AlterTable
ALTER TABLE "HumanRequest" ADD COLUMN     "notifiedVia" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "notifyAfter" TIMESTAMP(3);
