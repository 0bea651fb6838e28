/** Who is calling: the holder of the secret key (server, workers), or a token with scopes (browsers). */
export type Identity =
  | { kind: "secret" }
  | { kind: "public"; scopes: string[]; issuedAt: number; once: OneTimeToken | undefined }
  | { kind: "none" };

/** A token that counts for one call (`otu`), known by its digest until it expires. */
export type OneTimeToken = { digest: string; expiresAt: Date };
