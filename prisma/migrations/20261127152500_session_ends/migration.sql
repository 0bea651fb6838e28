-- What the engine is still to be told of: sessions of chats that were deleted, or removed for good.
CREATE TABLE "SessionEnd" (
    "chatId" TEXT NOT NULL,
    "forGood" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "SessionEnd_pkey" PRIMARY KEY ("chatId")
);

-- Whatever removes the row of a chat, its owner's removal included, what the engine has of it is removed as well.
-- (The migrations are split at each semicolon, so those of the function's body are written as \x3B.)
CREATE FUNCTION "endSessionForGood"() RETURNS trigger LANGUAGE plpgsql AS E'
BEGIN
    INSERT INTO "SessionEnd" ("chatId", "forGood") VALUES (OLD.id, true)
    ON CONFLICT ("chatId") DO UPDATE SET "forGood" = true \x3B
    RETURN NULL \x3B
END';

CREATE TRIGGER "Chat_ends_session" AFTER DELETE ON "Chat"
FOR EACH ROW EXECUTE FUNCTION "endSessionForGood"();

INSERT INTO "SessionEnd" ("chatId") SELECT id FROM "Chat" WHERE "deletedAt" IS NOT NULL;
