-- The first step of an answer may be written by the app's server while the worker starts.
CREATE TABLE "HeadStart" (
    "chatId" TEXT NOT NULL,
    "questionId" TEXT NOT NULL,
    "answerId" TEXT NOT NULL,
    "aliveUntil" TIMESTAMPTZ(3),
    "step" JSONB,

    CONSTRAINT "HeadStart_pkey" PRIMARY KEY ("chatId")
);
ALTER TABLE "HeadStart" ADD CONSTRAINT "HeadStart_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;
