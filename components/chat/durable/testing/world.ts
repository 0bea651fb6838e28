import type { UIMessage } from "ai";
import { DurableChat } from "../durable-chat";
import { FakeBrowser, type FakePage } from "./fake-browser";
import { FakeServer, textOf } from "./fake-server";
import { FakeTransport } from "./fake-transport";
import type { Transcript } from "../transcript";
import type { BranchMove } from "../types";

/** What becomes of the next append. */
export type AppendFault = "lost request" | "lost answer" | "late" | "refused" | "silent";

type Said = { how: "sent" | "refused" | "unknown" | "queued" | "steered" };

/** Messages as a test compares them. */
export type Shown = { id: string; role: string; text: string };

/** A server with one chat, and pages that show it. */
export class World {
  readonly server = new FakeServer();
  /** Every text that a person entered, and what they were told of it. */
  readonly said = new Map<string, Said>();
  readonly pages: Page[] = [];
  readonly #tabs = new FakeBrowser();
  /** The chat has a session: somebody has written in it. */
  hasSession = true;
  /** How often a session was asked for. */
  starts = 0;
  /** Loads that are refused because the app is away. */
  isAppDown = false;
  /** What the server does with a move through the tree. */
  onMove: (move: BranchMove) => Transcript<UIMessage> = () => this.server.transcript();
  #open = 0;

  /** Another tab of the first browser, or a page on another device. */
  openPage(where: "tab" | "device"): Page {
    const page = new Page(this, where === "tab" ? this.#tabs : new FakeBrowser(), `page-${this.#open++}`);
    this.pages.push(page);
    return page;
  }

  closePages(): void {
    for (const page of this.pages) page.leave("politely");
  }

  pageAt(address: string): Page | undefined {
    return this.pages.find(({ address: other }) => address.startsWith(other));
  }
}

export class Page {
  readonly address: string;
  readonly world: World;
  readonly #browser: FakeBrowser;
  #page!: FakePage;
  #end: () => void = () => {};
  #transports: FakeTransport[] = [];
  readonly #lineListeners = new Set<() => void>();
  #isLineUp = true;
  /** Messages that left the composer, and did not arrive yet. */
  #underWay = new Set<Said>();
  /** Those of them that were stopped on their way. */
  #stopped = new Set<Said>();
  /** Of the appends to come. */
  faults: AppendFault[] = [];
  /** The branch through a node, to look at only. */
  onLoadThrough: (nodeId: string) => Transcript<UIMessage> = () => this.world.server.transcript();
  chat!: DurableChat<UIMessage>;
  isGone = false;

  constructor(world: World, browser: FakeBrowser, name: string) {
    this.world = world;
    this.#browser = browser;
    this.address = `http://${name}`;
    this.load();
  }

  get view() {
    return this.chat.getView();
  }

  load(): void {
    const { server } = this.world;
    const page = (this.#page = this.#browser.newPage());
    this.isGone = false;
    this.#isLineUp = true;
    this.#transports = [];
    this.#underWay = new Set();
    this.#stopped = new Set();
    const call = <T>(make: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        setTimeout(() => {
          // A page that is gone hears nothing any more.
          if (page !== this.#page || this.isGone) return;
          if (!this.#isLineUp || this.world.isAppDown) reject(new TypeError("fetch failed"));
          else resolve(Promise.resolve().then(make));
        }, 5);
      });
    this.chat = new DurableChat<UIMessage>(
      {
        chatId: "c1",
        task: "chat",
        baseURL: this.address,
        transcript: server.transcript(),
        ...(this.world.hasSession && {
          accessToken: call(() => "token"),
          pendingInput: Promise.resolve(server.pendingInput()),
        }),
        startSession: () =>
          call(() => {
            this.world.hasSession = true;
            this.world.starts += 1;
            return { publicAccessToken: "token" };
          }),
        mintAccessToken: () => call(() => "token"),
        loadTranscript: (_chatId, { through } = {}) =>
          call(() => (through === undefined ? server.transcript() : this.onLoadThrough(through))),
        moveBranch: (_chatId, move) => call(() => this.world.onMove(move)),
        steeringId: (id) => `steer-${id}`,
        lookAfter: () => call(() => server.lookAfter()),
        isQueued: () => call(() => false),
        queueKey: "queue",
      },
      {
        browser: page,
        makeTransport: (options) => {
          const transport = new FakeTransport(
            {
              ...options,
              fetch: (url, init, context) =>
                options.fetch!(url.replace("fake:", this.address), init, context),
            },
            {
              server,
              isUp: () => this.#isLineUp && page === this.#page && !this.isGone,
              onChange: (callback) => {
                this.#lineListeners.add(callback);
                return () => this.#lineListeners.delete(callback);
              },
            },
          );
          this.#transports.push(transport);
          return transport;
        },
      },
    );
    this.#end = this.chat.open();
  }

  /** "suddenly": the browser crashes, or the machine loses its power. */
  leave(how: "politely" | "suddenly"): void {
    if (this.isGone) return;
    if (how === "politely") this.#page.leave();
    if (how === "suddenly") this.#browser.forget(this.#page);
    this.#end();
    this.isGone = true;
    // What was stopped on its way is given up by its person: a page that is left does not see to it any more.
    for (const said of this.#stopped) said.how = "unknown";
    this.#browser.forget(this.#page);
    this.#lineListeners.clear();
  }

  reload(how: "politely" | "suddenly"): void {
    this.leave(how);
    this.load();
  }

  setLine(isUp: boolean): void {
    this.#isLineUp = isUp;
    this.#page.setOnline(isUp);
    for (const callback of [...this.#lineListeners]) callback();
  }

  setVisible(isVisible: boolean): void {
    this.#page.setVisible(isVisible);
  }

  /** The stream that is read breaks off for good. */
  breakStream(): void {
    for (const transport of this.#transports) transport.breakStream();
  }

  /** Enter, as the composer takes it. */
  enter(text: string, isSteering: boolean): void {
    const { chat, view } = this;
    if (view.remoteWriter !== undefined) return;
    if (isSteering && view.isAnswering) return this.#say(text, "steered", chat.steer({ text, files: [] }));
    if (view.isAnswering || this.#underWay.size > 0) {
      this.world.said.set(text, { how: "queued" });
      return view.queue.add({ text, files: [] });
    }
    this.#say(text, "sent", chat.send(text));
  }

  stop(): void {
    for (const said of this.#underWay) this.#stopped.add(said);
    this.chat.stop().catch(() => {});
  }

  async decide(): Promise<void> {
    const show = await this.chat.expectTurn();
    this.world.server.decide();
    await show();
  }

  shown(): Shown[] {
    return this.view.messages.map((message) => ({
      id: message.id,
      role: message.role,
      text: textOf(message).trim(),
    }));
  }

  #say(text: string, how: Said["how"], sending: Promise<void>): void {
    const said: Said = { how: "unknown" };
    this.world.said.set(text, said);
    this.#underWay.add(said);
    sending
      .then(
        () => (said.how = how),
        () => (said.how = "refused"),
      )
      .finally(() => this.#underWay.delete(said));
  }

  /** The server's side of an append, with what the network does to it. */
  answer(body: string, partId: string): Promise<Response> {
    return new Promise((resolve, reject) => {
      const { server } = this.world;
      const fail = () => reject(new TypeError("fetch failed"));
      if (this.isGone) return;
      if (!this.#isLineUp) return void setTimeout(fail, 5);
      const fault = this.faults.shift();
      const accept = () => {
        if (this.isGone) return;
        const seq = server.append(inputOf(body), partId);
        if (fault === "lost answer") return setTimeout(fail, 5);
        return setTimeout(() => resolve(Response.json({ seq })), 5);
      };
      if (fault === "silent") return;
      if (fault === "lost request") setTimeout(fail, 5);
      else if (fault === "refused") setTimeout(() => resolve(new Response(null, { status: 413 })), 5);
      else setTimeout(accept, fault === "late" ? 3_000 : 5);
    });
  }
}

function inputOf(body: string): Parameters<FakeServer["append"]>[0] {
  const { payload } = JSON.parse(body) as {
    payload: { trigger: string; message?: UIMessage; action?: { nodeId: string } };
  };
  if (payload.trigger === "stop") return { type: "stop" };
  if (payload.message) return { type: "message", message: payload.message };
  return { type: "regenerate", nodeId: payload.action?.nodeId ?? "" };
}
