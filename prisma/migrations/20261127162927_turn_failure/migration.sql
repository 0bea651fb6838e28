-- AlterTable
ALTER TABLE "Chat" ADD COLUMN     "failure" TEXT;
