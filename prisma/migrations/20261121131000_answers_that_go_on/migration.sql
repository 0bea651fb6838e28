-- What was answered before this column is as old as its row.
ALTER TABLE "Message" ADD COLUMN "changedAt" TIMESTAMP(3);
