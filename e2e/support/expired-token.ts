import { SignJWT } from "jose";

/** A token as the engine signs them, but for an hour that is over. */
export function expiredToken(secretKey: string, chatId: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    sub: "env_local",
    pub: true,
    scopes: [`read:sessions:${chatId}`, `write:sessions:${chatId}`],
  })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("https://id.trigger.dev")
    .setAudience("https://api.trigger.dev")
    .setIssuedAt(now - 7_200)
    .setExpirationTime(now - 3_600)
    .sign(new TextEncoder().encode(secretKey));
}
