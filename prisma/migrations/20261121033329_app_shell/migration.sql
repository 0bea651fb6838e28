-- AlterTable
ALTER TABLE "Chat" ADD COLUMN     "deletedAt" TIMESTAMP(3),
ADD COLUMN     "titledBy" TEXT;

-- What there was before anybody counted is read.
UPDATE "Chat" SET "lastReadAt" = now();

-- Chats that wait to be removed for good. Nearly all rows are not in it.
CREATE INDEX "Chat_deletedAt_idx" ON "Chat"("deletedAt") WHERE "deletedAt" IS NOT NULL;

-- The words of a message. A save would fail with it, so it must not fail: a tsvector takes a megabyte, and the words
-- of so many characters, none of which has more than four bytes, are less than that however they are cut. The
-- configuration knows no language, so that every language is found by what is written.
CREATE FUNCTION "message_text"(message JSONB) RETURNS TEXT
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT left(string_agg(part #>> '{}', E'\n'), 80000)
  FROM jsonb_path_query(message, '$.parts[*] ? (@.type == "text").text') part
  WHERE jsonb_typeof(part) = 'string'
$$;

-- AlterTable
ALTER TABLE "Message" ADD COLUMN     "search" tsvector GENERATED ALWAYS AS (to_tsvector('pg_catalog.simple', "message_text"("message"))) STORED;

-- CreateTable
CREATE TABLE "RateLimit" (
    "id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "lastRequest" BIGINT NOT NULL,

    CONSTRAINT "RateLimit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "UserSettings" (
    "userId" TEXT NOT NULL,
    "defaultModel" TEXT,
    "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "UserSettings_pkey" PRIMARY KEY ("userId")
);

-- CreateTable
CREATE TABLE "Share" (
    "id" TEXT NOT NULL,
    "chatId" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "headId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Share_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "RateLimit_key_key" ON "RateLimit"("key");

-- CreateIndex
CREATE UNIQUE INDEX "Share_tokenHash_key" ON "Share"("tokenHash");

-- CreateIndex
CREATE INDEX "Share_chatId_idx" ON "Share"("chatId");

-- CreateIndex
CREATE INDEX "Message_search_idx" ON "Message" USING GIN ("search");

-- AddForeignKey
ALTER TABLE "UserSettings" ADD CONSTRAINT "UserSettings_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Share" ADD CONSTRAINT "Share_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;
