import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import type * as Auth from "./auth";
import { createChat } from "@/lib/chat/tree/queries";
import { moveGuest, saveSettings } from "@/lib/chat/chats/settings";
import { addressOfLink, browserMark, isOwnBrowser } from "./sign-in/link";

vi.mock("server-only", () => ({}));
vi.mock("next/headers", () => ({ headers: async () => new Headers() }));

const shared = testDatabase();
const mails: Array<{ to: string[]; text: string }> = [];
const mailServer = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    mails.push(JSON.parse(body));
    response.end("{}");
  });
});
let auth: typeof Auth;

beforeAll(async () => {
  await new Promise<void>((resolve) => mailServer.listen(0, "127.0.0.1", resolve));
  const { port } = mailServer.address() as AddressInfo;
  vi.stubEnv("DATABASE_URL", shared.url);
  vi.stubEnv("BETTER_AUTH_SECRET", "a secret of this test, long enough for it");
  vi.stubEnv("BETTER_AUTH_URL", "http://chat.example");
  vi.stubEnv("RESEND_API_KEY", "key");
  vi.stubEnv("RESEND_BASE_URL", `http://127.0.0.1:${port}`);
  vi.stubEnv("MAIL_FROM", "Holdfast <chat@example.com>");
  auth = await import("./auth");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  mailServer.close();
  const { db } = await import("@/lib/db/client");
  await db.$disconnect();
});
beforeEach(async () => {
  vi.stubEnv("LIMIT_GUESTS", "off");
  await shared.db.rateLimit.deleteMany();
});

/** A browser: it keeps its cookies. */
class Visitor {
  cookies = new Map<string, string>();
  address = "203.0.113.7";

  headers(): Headers {
    const cookie = [...this.cookies]
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join("; ");
    return new Headers({ cookie, "x-forwarded-for": this.address });
  }

  async arrive(): Promise<string> {
    const { user, cookies } = await auth.becomeGuest(this.headers());
    this.keep(cookies);
    return user.id;
  }

  async user() {
    const token = this.cookies.get("better-auth.session_token")?.split(".")[0];
    const session = await shared.db.session.findUnique({
      where: { token: token ?? "" },
      include: { user: true },
    });
    if (!session) throw new Error("nobody is signed in");
    return session.user;
  }

  async does(outcome: Promise<Awaited<ReturnType<typeof auth.signIn>>>) {
    const result = await outcome;
    this.keep(result.cookies);
    return result;
  }

  keep(cookies: Auth.AuthCookie[]) {
    for (const { name, value, options } of cookies) {
      if (options.maxAge === 0) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }

  /** Opens a page. */
  async look(): Promise<void> {
    for (const line of await auth.receiveVisitor(this.headers())) {
      const [name, value] = line.split(";")[0]!.split("=") as [string, string];
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, decodeURIComponent(value));
    }
  }
}

const newEmail = () => `${crypto.randomUUID()}@example.com`;
const password = "correct horse battery";

async function guestWithChats(
  count: number,
): Promise<{ visitor: Visitor; guestId: string; chats: string[] }> {
  const visitor = new Visitor();
  const guestId = await visitor.arrive();
  const chats = Array.from({ length: count }, () => crypto.randomUUID()).toSorted();
  for (const id of chats) await createChat(shared.db, { id, userId: guestId });
  return { visitor, guestId, chats };
}

async function linkFor(visitor: Visitor, email: string): Promise<URL> {
  const mark = browserMark("secret of the browser");
  expect((await visitor.does(auth.requestSignInLink(email, mark, visitor.headers()))).ok).toBe(true);
  const mail = mails.findLast((each) => each.to.includes(email));
  return new URL(/http\S+/.exec(mail?.text ?? "")?.[0] ?? "");
}

async function chatsOf(userId: string): Promise<string[]> {
  const rows = await shared.db.chat.findMany({ where: { userId }, select: { id: true } });
  return rows.map(({ id }) => id).toSorted();
}

describe("a guest", () => {
  it("who makes an account keeps every chat, and is a guest no more", async () => {
    const { visitor, guestId, chats } = await guestWithChats(3);
    await saveSettings(shared.db, guestId, { defaultModel: "demo" });
    const email = newEmail();
    expect(await visitor.does(auth.signUp({ email, password }, visitor.headers()))).toMatchObject({
      ok: true,
    });
    const user = await visitor.user();
    expect(user).toMatchObject({ email, isAnonymous: false });
    expect(await chatsOf(user.id)).toEqual(chats);
    expect(await shared.db.user.findUnique({ where: { id: guestId } })).toBeNull();
    expect(await shared.db.userSettings.findUnique({ where: { userId: user.id } })).toMatchObject({
      defaultModel: "demo",
    });
  });

  it("who signs in to an account brings the chats along, to those that are there", async () => {
    const first = await guestWithChats(2);
    const email = newEmail();
    await first.visitor.does(auth.signUp({ email, password }, first.visitor.headers()));
    const second = await guestWithChats(2);
    const outcome = await second.visitor.does(auth.signIn({ email, password }, second.visitor.headers()));
    expect(outcome.ok).toBe(true);
    const user = await second.visitor.user();
    expect(user.email).toBe(email);
    expect(await chatsOf(user.id)).toEqual([...first.chats, ...second.chats].toSorted());
  });

  it("keeps the chats when the sign-in is refused, and hears the same for a wrong password and an unknown address", async () => {
    const { visitor, guestId, chats } = await guestWithChats(1);
    const email = newEmail();
    const other = new Visitor();
    await other.arrive();
    await other.does(auth.signUp({ email, password }, other.headers()));
    const wrong = await visitor.does(auth.signIn({ email, password: "wrong password" }, visitor.headers()));
    const unknown = await visitor.does(auth.signIn({ email: newEmail(), password }, visitor.headers()));
    expect(wrong).toMatchObject({ ok: false, problem: expect.stringContaining("Wrong email or password") });
    expect({ ...unknown, cookies: [] }).toEqual({ ...wrong, cookies: [] });
    const taken = await visitor.does(auth.signUp({ email, password }, visitor.headers()));
    expect(taken).toMatchObject({ ok: false, problem: expect.stringContaining("already") });
    expect((await visitor.user()).id).toBe(guestId);
    expect(await chatsOf(guestId)).toEqual(chats);
  });

  it("can follow a link from a mail, once, and says whether the chats move", async () => {
    const { visitor, chats } = await guestWithChats(1);
    const email = newEmail();
    const link = await linkFor(visitor, email);
    expect(link.origin + link.pathname).toBe("http://chat.example/sign-in/link");
    const token = link.searchParams.get("token") ?? "";
    expect(isOwnBrowser(link.searchParams.get("browser") ?? "", "secret of the browser")).toBe(true);
    // Looking uses nothing up.
    expect(await addressOfLink(shared.db, token)).toBe(email);
    const follow = (who: Visitor) =>
      who.does(auth.followSignInLink(token, { movesChats: true }, who.headers()));
    expect((await follow(visitor)).ok).toBe(true);
    const user = await visitor.user();
    expect(user).toMatchObject({ email, emailVerified: true });
    expect(await chatsOf(user.id)).toEqual(chats);
    const stranger = new Visitor();
    await stranger.arrive();
    expect(await follow(stranger)).toMatchObject({
      ok: false,
      problem: expect.stringContaining("already used"),
    });
    expect(await addressOfLink(shared.db, token)).toBeNull();
  });

  it("who follows a link without moving chats has them back after signing out", async () => {
    const { visitor, guestId, chats } = await guestWithChats(2);
    const link = await linkFor(visitor, newEmail());
    const token = link.searchParams.get("token") ?? "";
    expect(
      (await visitor.does(auth.followSignInLink(token, { movesChats: false }, visitor.headers()))).ok,
    ).toBe(true);
    const { id } = await visitor.user();
    expect(id).not.toBe(guestId);
    expect(await chatsOf(id)).toEqual([]);
    expect(await chatsOf(guestId)).toEqual(chats);
    expect((await visitor.does(auth.signOut(visitor.headers()))).ok).toBe(true);
    expect((await visitor.user()).id).toBe(guestId);
    expect(visitor.cookies.has("holdfast-guest")).toBe(false);
  });

  it("nobody comes back by a cookie that names an account", async () => {
    const { visitor } = await guestWithChats(1);
    await visitor.does(auth.signUp({ email: newEmail(), password }, visitor.headers()));
    visitor.cookies.set("holdfast-guest", visitor.cookies.get("better-auth.session_token")!);
    const other = new Visitor();
    other.cookies.set("holdfast-guest", "forged.signature");
    await visitor.does(auth.signOut(visitor.headers()));
    expect(visitor.cookies.has("better-auth.session_token")).toBe(false);
    await other.does(auth.signOut(other.headers()));
    expect(other.cookies.has("better-auth.session_token")).toBe(false);
  });

  it("a link is its browser's, and no other's", () => {
    const mark = browserMark("mine");
    expect(isOwnBrowser(mark, "mine")).toBe(true);
    for (const secret of [undefined, "", "theirs"]) expect(isOwnBrowser(mark, secret)).toBe(false);
    expect(isOwnBrowser("", undefined)).toBe(false);
  });
});

describe("a page view", () => {
  const rows = async () => [await shared.db.user.count(), await shared.db.session.count()];

  it("makes no row, whatever cookies come with it", async () => {
    const before = await rows();
    const visitor = new Visitor();
    await visitor.look();
    await visitor.look();
    visitor.cookies.set("better-auth.session_token", "stale.signature");
    await visitor.look();
    expect(await rows()).toEqual(before);
    expect(await auth.userFrom(visitor.headers())).toBeNull();
  });

  it("is refused in words when newcomers of one address look at too much, and those who are known are not", async () => {
    const visitor = Object.assign(new Visitor(), { address: "198.51.100.20" });
    await visitor.arrive();
    vi.stubEnv("LIMIT_VIEWS", "2/60");
    const newcomer = () => Object.assign(new Visitor(), { address: "198.51.100.20" }).look();
    await newcomer();
    await newcomer();
    await expect(newcomer()).rejects.toThrow(
      /from your network in a short time\. Try again in \d+ seconds\.$/,
    );
    await visitor.look();
    vi.stubEnv("LIMIT_VIEWS", "off");
  });

  it("leaves a guest who they are", async () => {
    const visitor = new Visitor();
    await visitor.look();
    const id = await visitor.arrive();
    await visitor.look();
    expect(await auth.userFrom(visitor.headers())).toMatchObject({ id, isGuest: true, email: null });
  });
});

describe("the first action of a browser", () => {
  it("makes one guest, in however many tabs and however often at once", async () => {
    const visitor = new Visitor();
    await visitor.look();
    const tabs = Array.from({ length: 12 }, () => auth.becomeGuest(visitor.headers()));
    const ids = new Set((await Promise.all(tabs)).map(({ user }) => user.id));
    expect(ids.size).toBe(1);
    const [id] = [...ids];
    expect(await shared.db.session.count({ where: { userId: id! } })).toBe(1);
    visitor.keep((await auth.becomeGuest(visitor.headers())).cookies);
    expect((await visitor.user()).id).toBe(id);
    const other = new Visitor();
    await other.look();
    expect(await other.arrive()).not.toBe(id);
  });

  it("makes another guest after the one before has become an account and left", async () => {
    const visitor = new Visitor();
    await visitor.look();
    const first = await visitor.arrive();
    await visitor.does(auth.signUp({ email: newEmail(), password }, visitor.headers()));
    await visitor.does(auth.signOut(visitor.headers()));
    await visitor.look();
    expect(await visitor.arrive()).not.toBe(first);
  });

  it("is refused in words when one address makes too many guests, and then makes no row", async () => {
    vi.stubEnv("LIMIT_GUESTS", "2/3600");
    const come = () => Object.assign(new Visitor(), { address: "198.51.100.9" });
    const [first, second, third] = [come(), come(), come()];
    await first.arrive();
    await second.look();
    // Ten files at once are one guest.
    await Promise.all(Array.from({ length: 10 }, () => auth.becomeGuest(second.headers())));
    const before = await shared.db.user.count();
    await expect(third.arrive()).rejects.toThrow(/from your network.*Try again in 60 minutes\.$/);
    expect(await shared.db.user.count()).toBe(before);
    third.address = "198.51.100.10";
    await third.arrive();
  });
});

describe("the move to an account", () => {
  it("loses no chat that is begun in the same moment: it is moved or refused", async () => {
    for (let round = 0; round < 10; round++) {
      const { guestId, chats } = await guestWithChats(1);
      const begun = Array.from({ length: 6 }, () => crypto.randomUUID());
      const [, ...made] = await Promise.all([
        moveGuest(shared.db, { guestId, userId: "ada" }),
        ...begun.map((id) =>
          createChat(shared.db, { id, userId: guestId }).then(
            () => id,
            () => null,
          ),
        ),
      ]);
      const owned = await chatsOf("ada");
      for (const id of [...chats, ...made.filter((each) => each !== null)]) expect(owned).toContain(id);
    }
  });

  it("takes nothing from an account, and nothing twice", async () => {
    await createChat(shared.db, { id: "chat-of-bob-3", userId: "bob" });
    await moveGuest(shared.db, { guestId: "bob", userId: "ada" });
    expect(await chatsOf("bob")).toEqual(["chat-of-bob-3"]);
    await moveGuest(shared.db, { guestId: "nobody", userId: "ada" });
  });
});

describe("a sign-out", () => {
  it("ends the session, and the next visit is another guest", async () => {
    const visitor = new Visitor();
    await visitor.arrive();
    await visitor.does(auth.signUp({ email: newEmail(), password }, visitor.headers()));
    const { id } = await visitor.user();
    const before = visitor.headers();
    expect((await visitor.does(auth.signOut(visitor.headers()))).ok).toBe(true);
    expect(await shared.db.session.count({ where: { userId: id } })).toBe(0);
    expect(await auth.userFrom(before)).toBeNull();
    expect(await visitor.arrive()).not.toBe(id);
  });
});

describe("attempts", () => {
  it("are counted by account, from whatever address they come", async () => {
    const visitor = new Visitor();
    const email = newEmail();
    const problems: string[] = [];
    for (let attempt = 0; attempt < 21; attempt++) {
      visitor.address = `198.51.100.${attempt}`;
      const outcome = await auth.signIn(
        { email: attempt % 2 ? email : email.toUpperCase(), password },
        visitor.headers(),
      );
      if (!outcome.ok) problems.push(outcome.problem);
    }
    expect(problems.slice(0, 20).every((problem) => problem.includes("Wrong email or password"))).toBe(true);
    expect(problems[20]).toMatch(/^Too many attempts\. Try again in/);
  });

  it("to have somebody mailed end after five an hour", async () => {
    const visitor = new Visitor();
    const email = newEmail();
    for (let sent = 0; sent < 6; sent++) {
      visitor.address = `198.51.100.${sent}`;
      await auth.requestSignInLink(email, "mark", visitor.headers());
    }
    expect(mails.filter(({ to }) => to.includes(email))).toHaveLength(5);
  });

  it("are counted in the database, and refused after ten in a minute", async () => {
    const visitor = new Visitor();
    const attempt = () => auth.signIn({ email: "eve@example.com", password }, visitor.headers());
    for (let count = 0; count < 10; count++) expect((await attempt()) as object).toMatchObject({ ok: false });
    expect(await attempt()).toMatchObject({
      problem: expect.stringMatching(/^Too many attempts\. Try again in \d+ seconds/),
    });
    expect(await shared.db.rateLimit.count()).toBe(1);
    visitor.address = "203.0.113.8";
    expect(await attempt()).toMatchObject({ problem: expect.stringContaining("Wrong email or password") });
  });
});
