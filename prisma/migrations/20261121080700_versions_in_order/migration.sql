-- The versions of a message are read newest first and up to a limit, however many there are.
CREATE INDEX "Message_chatId_parentId_order_idx" ON "Message"("chatId", "parentId", "order");
DROP INDEX "Message_chatId_parentId_idx";
