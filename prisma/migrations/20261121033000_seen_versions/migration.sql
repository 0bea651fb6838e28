-- AlterTable
ALTER TABLE "Message" ADD COLUMN "seen" INTEGER NOT NULL DEFAULT 0;

-- Until a version is chosen by hand, the newest is the one that was seen last.
UPDATE "Message" SET "seen" = "order";

-- AlterTable
ALTER TABLE "Chat" ADD COLUMN "actionId" TEXT;
