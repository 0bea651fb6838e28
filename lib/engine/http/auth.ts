import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import type { Caller } from "./caller";
import { HttpError } from "./errors";
import type { OneTimeToken } from "./one-time-tokens";

/** The caller of a request: a holder of the secret key (server, workers), or a token with scopes (browsers). */
export type Identity =
  | { kind: "secret" }
  | { kind: "public"; scopes: string[]; issuedAt: number; once: OneTimeToken | undefined }
  | { kind: "none" };

export type Auth = ReturnType<typeof createAuth>;

/** The signed part of a blob's address. */
export type BlobProof = { expires: string; signature: string };

/** The engine has one environment; it is the `sub` of every token. */
export const ENVIRONMENT_ID = "env_local";

const ISSUER = "https://id.trigger.dev";
const AUDIENCE = "https://api.trigger.dev";

export function createAuth(secretKey: string) {
  const jwtKey = new TextEncoder().encode(secretKey);
  const secretDigest = digest(secretKey);
  // Each kind of signature has its own key, so that one kind can't be passed off as another.
  const streamKey = createHmac("sha256", secretKey).update("holdfast s2 token").digest();
  const urlKey = createHmac("sha256", secretKey).update("holdfast signed url").digest();

  return {
    async authenticate(authorization: string | undefined): Promise<Identity> {
      const token = bearer(authorization);
      if (!token) throw new HttpError(401, "Missing the Authorization header");
      if (timingSafeEqual(digest(token), secretDigest)) return { kind: "secret" };
      return { kind: "public", ...(await verifyToken(token)) };
    },

    /** Takes `expiresIn` as jose does: a span such as "1h", or a unix time in seconds. */
    async mintToken(
      scopes: string[],
      expiresIn: string | number,
      extra: Record<string, unknown> = {},
    ): Promise<string> {
      return new SignJWT({ ...extra, pub: true, scopes })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(ENVIRONMENT_ID)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(expiresIn)
        .sign(jwtKey);
    },

    /**
     * Signs the bearer token of S2 appends. It is bound to one stream and, for a worker, to one attempt of its run. It
     * never expires: the SDK caches it for the life of the run, and a refused append would freeze the run for good.
     */
    signStreamToken(streamName: string, caller: Caller | undefined): string {
      const claims = Buffer.from(JSON.stringify({ s: streamName, r: caller?.runId, a: caller?.attempt }));
      const body = claims.toString("base64url");
      return `s2.${body}.${sign(streamKey, body)}`;
    },

    /** Returns the caller that the token was issued to. Throws unless the token names exactly this stream. */
    verifyStreamToken(authorization: string | undefined, streamName: string): Caller | undefined {
      const [kind, body, signature] = (bearer(authorization) ?? "").split(".");
      if (kind !== "s2" || !body || !signature || !sameText(sign(streamKey, body), signature)) {
        throw new HttpError(401, "The S2 access token is missing or not valid", {
          code: "authentication_failed",
        });
      }
      const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as {
        s: string;
        r?: string;
        a?: number;
      };
      if (claims.s !== streamName) {
        throw new HttpError(403, "The S2 access token is for another stream", { code: "permission_denied" });
      }
      return claims.r === undefined ? undefined : { runId: claims.r, attempt: claims.a ?? 1 };
    },

    /** Signs a query string that allows one method on one blob for a while: the SDK fetches blobs without credentials. */
    signBlob(method: "GET" | "PUT", key: string, lifetimeMs = 15 * 60_000): string {
      const expires = Date.now() + lifetimeMs;
      return `expires=${expires}&signature=${sign(urlKey, `${method}\n${expires}\n${key}`)}`;
    },

    verifyBlob(method: "GET" | "PUT", key: string, { expires, signature }: BlobProof): void {
      if (!sameText(sign(urlKey, `${method}\n${expires}\n${key}`), signature)) {
        throw new HttpError(403, "This URL is not signed for this method and object");
      }
      if (Date.now() > Number(expires)) throw new HttpError(403, "This signed URL has expired");
    },
  };

  async function verifyToken(token: string) {
    try {
      const { payload } = await jwtVerify(token, jwtKey, {
        issuer: ISSUER,
        audience: AUDIENCE,
        algorithms: ["HS256"],
      });
      if (payload.exp === undefined) throw new HttpError(401, "The access token has no expiry");
      if (payload["pub"] !== true || payload.sub !== ENVIRONMENT_ID)
        throw new HttpError(401, "The access token is not a public token of this environment");
      const scopes = payload["scopes"];
      const once = payload["otu"] === true;
      return {
        issuedAt: (payload.iat ?? 0) * 1_000,
        scopes: Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === "string") : [],
        once: once
          ? { digest: digest(token).toString("base64url"), expiresAt: new Date(payload.exp * 1_000) }
          : undefined,
      };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new HttpError(401, "The access token has expired");
      if (error instanceof errors.JOSEError) throw new HttpError(401, "The access token is not valid");
      throw error;
    }
  }
}

export function requireSecret(identity: Identity): void {
  if (identity.kind !== "secret") throw new HttpError(403, "This route needs the secret key");
}

/**
 * A browser's token must name the session or run itself: a scope for a whole type, or for everything, is refused. `key`
 * is how the caller names it, and the only name in the refusal; `names` is how a token may name it, empty if none may.
 */
export function requireOwn(
  identity: Identity,
  scope: "read:sessions" | "write:sessions" | "read:runs",
  key: string,
  names: string[] = [key],
): void {
  if (identity.kind === "secret") return;
  if (identity.kind === "public" && names.some((name) => identity.scopes.includes(`${scope}:${name}`)))
    return;
  throw new HttpError(403, `The access token does not allow ${scope}:${key}`);
}

function bearer(authorization: string | undefined): string | undefined {
  return authorization?.startsWith("Bearer ") ? authorization.slice(7).trim() : undefined;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function sign(key: Buffer, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

function sameText(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}
