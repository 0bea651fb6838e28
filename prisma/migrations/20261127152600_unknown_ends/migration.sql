-- AlterTable
ALTER TABLE "Effect" ADD COLUMN     "wasUnknown" BOOLEAN NOT NULL DEFAULT false;

-- What nobody can say, or a person said: the service may know the key.
UPDATE "Effect" SET "wasUnknown" = true WHERE state IN ('unknown', 'started') OR "settledBy" IS NOT NULL;
