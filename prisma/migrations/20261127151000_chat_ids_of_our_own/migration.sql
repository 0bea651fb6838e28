-- `session_…` is how the engine names its own sessions: a chat of such a name was given a token for somebody else's.
-- Those chats go on under a new id. Everything that refers to them follows by its foreign key.
UPDATE "Chat" SET id = gen_random_uuid()::text WHERE id LIKE 'session\_%';

ALTER TABLE "Chat" ADD CONSTRAINT "Chat_id_is_no_session" CHECK (id NOT LIKE 'session\_%');
