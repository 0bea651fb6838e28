/** The same chats as the page, for programs. Every JSON response is compared with the OpenAPI document. */
import { AgentChat } from "@trigger.dev/sdk/chat";
import { describe, expect, it, vi } from "vitest";
import { injectedIds } from "@/components/chat/durable/injected-messages";
import { operations } from "@/lib/server-chat/operations";
import { counted, lines, openPage, readAnswer, savedTranscript } from "../../support/page";
import { apiOnEngine, readStream, type SentEvent } from "../../support/api/caller";

vi.mock("server-only", () => ({}));

const api = apiOnEngine();
const site = () => ({ db: api.db, userId: "ada", engineUrl: api.engine.url });
const asStream = { headers: { accept: "text/event-stream" } };

describe("a message", () => {
  it("is answered as one result", async () => {
    const id = await api.newChat();
    const answer = await api.send(id, "count to 5", { messageId: "question-1" });
    expect(answer).toMatchObject({
      chatId: id,
      messageId: "question-1",
      status: "completed",
      text: counted(5),
      toolCalls: [],
      toolResults: [],
      requests: [],
    });
    expect(lines(await savedTranscript(api.db, id))).toEqual([
      ["user", "count to 5"],
      ["assistant", counted(5)],
    ]);
  });

  it("is answered as a stream of chunks, each with the cursor after it", async () => {
    const id = await api.newChat();
    const response = await api.call("sendMessage", {
      params: { id },
      body: { text: "count to 5" },
      ...asStream,
    });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("x-vercel-ai-ui-message-stream")).toBe("v1");
    const { text, isDone, result, events } = await readStream(response);
    expect(text.trim()).toBe(counted(5));
    expect(isDone).toBe(true);
    expect(result).toMatchObject({ status: "completed", text: counted(5) });
    const cursors = events.flatMap((event) => (event.id === undefined ? [] : [Number(event.id)]));
    expect(cursors).toEqual(cursors.toSorted((a, b) => a - b));
    expect(cursors.length).toBe(events.length - 1);
    // When the response ends, the answer is saved.
    const row = await api.db.chat.findUniqueOrThrow({ where: { id } });
    expect(row).toMatchObject({ status: "idle", lastOutEventId: result!.cursor });
  });

  it("is answered as plain text", async () => {
    const id = await api.newChat();
    const response = await api.call("sendMessage", {
      params: { id },
      body: { text: "count to 5" },
      headers: { accept: "text/plain" },
    });
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect((await response.text()).trim()).toBe(counted(5));
  });

  it("creates the chat, and the query wins over the Accept header", async () => {
    const { status, body } = await api.json("createChat", {
      body: { id: "a-chat-of-mine", message: { text: "count to 3" } },
      query: { as: "json" },
      ...asStream,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ chatId: "a-chat-of-mine", text: counted(3), status: "completed" });
    const again = await api.json("createChat", { body: { id: "a-chat-of-mine" } });
    expect(again).toMatchObject({ status: 201, body: { id: "a-chat-of-mine" } });
  });

  it("returns tool calls and their results", async () => {
    const id = await api.newChat();
    const answer = await api.send(id, "What is the weather in Oslo?");
    expect(answer.toolCalls[0]).toMatchObject({ toolName: "weather", input: { city: "Oslo" } });
    expect(answer.toolResults[0]).toMatchObject({ toolCallId: answer.toolCalls[0]!.toolCallId });
    expect(answer.toolResults[0]!.output).toBeTruthy();
  });

  it("that is sent again with its id is answered once", async () => {
    const id = await api.newChat();
    const [first, second] = await Promise.all([
      api.send(id, "count to 5", { messageId: "once" }),
      api.send(id, "count to 5", { messageId: "once" }),
    ]);
    const third = await api.send(id, "count to 5", { messageId: "once" });
    expect(second.answerId).toBe(first.answerId);
    expect(third).toMatchObject({ answerId: first.answerId, text: counted(5), status: "completed" });
    // Its saved answer is returned as a stream, too.
    const response = await api.call("sendMessage", {
      params: { id },
      body: { text: "count to 5", id: "once" },
      ...asStream,
    });
    expect(await readStream(response)).toMatchObject({ text: counted(5), isDone: true });
    expect((await savedTranscript(api.db, id)).messages).toHaveLength(2);
    const other = await api.json("sendMessage", { params: { id }, body: { text: "count to 6", id: "once" } });
    expect(other).toMatchObject({ status: 409, body: { error: { code: "id-taken", field: "id" } } });
  });

  it("that is sent while an answer is being written is answered next, and gets its own answer", async () => {
    const id = await api.newChat();
    const first = await api.call("sendMessage", {
      params: { id },
      body: { text: "count to 30 at 20 ms" },
      ...asStream,
    });
    let second: Promise<Response> | undefined;
    const read = await readStream(first, ({ data }) => {
      if (data === "[DONE]" || data["type"] !== "text-delta") return;
      second ??= api.call("sendMessage", { params: { id }, body: { text: "count to 4" }, ...asStream });
    });
    expect(read.text.trim()).toBe(counted(30));
    const next = await readStream(await second!);
    expect(next).toMatchObject({ starts: 1, text: counted(4), result: { text: counted(4) } });
    expect(lines(await savedTranscript(api.db, id))).toEqual([
      ["user", "count to 30 at 20 ms"],
      ["assistant", counted(30)],
      ["user", "count to 4"],
      ["assistant", counted(4)],
    ]);
  });

  it("that takes longer than the caller waits is followed with the cursor", async () => {
    const id = await api.newChat();
    const { status, body } = await api.json("sendMessage", {
      params: { id },
      body: { text: "count to 40 at 40 ms" },
      query: { wait: "1" },
    });
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: "running", toolCalls: [] });
    const now = await api.json("followChat", { params: { id }, query: { wait: "0" } });
    expect(now).toMatchObject({ status: 202, body: { status: "running" } });
    const rest = await api.json("followChat", { params: { id } });
    expect(rest).toMatchObject({ status: 200, body: { status: "completed", text: counted(40) } });
  });

  it("whose model fails says so, and why", async () => {
    const id = await api.newChat();
    const answer = await api.send(id, "fail");
    expect(answer.status).toBe("failed");
    expect(answer.error).toBeTruthy();
    expect(answer.error).not.toMatch(/stack|at .*\.ts/i);
  });
});

it("a message with somebody else's file is refused, and refused again", async () => {
  const id = await api.newChat();
  const url = `/attachments/${crypto.randomUUID()}`;
  const body = { id: "with-file", parts: [{ type: "file", url, mediaType: "text/plain" }] };
  const first = await api.json("sendMessage", { params: { id }, body });
  expect(first.body).toMatchObject({
    status: "failed",
    answerId: null,
    error: expect.stringContaining("file"),
  });
  const again = await api.json("sendMessage", { params: { id }, body });
  expect(again.body).toMatchObject({ status: "failed", answerId: null, error: expect.any(String) });
  expect((await api.send(id, "count to 3")).text).toBe(counted(3));
});

describe("a running answer", () => {
  it("takes up what is steered into it", async () => {
    const id = await api.newChat();
    const response = await api.call("sendMessage", {
      params: { id },
      body: { text: "Research herons in three steps" },
      ...asStream,
    });
    let isSteered = false;
    const { text } = await readStream(response, async ({ data }) => {
      if (data === "[DONE]" || data["type"] !== "tool-input-available" || isSteered) return;
      isSteered = true;
      const options = { params: { id }, body: { text: "only in Norway", id: "norway" } };
      const steered = { status: 202, body: { messageId: "steer-norway", isSteered: true } };
      expect(await api.json("steer", options)).toEqual(steered);
      expect((await api.json("steer", options)).body["messageId"]).toBe("steer-norway");
    });
    expect(text).toContain('You added while I was at it: "only in Norway"');
    const { messages } = await savedTranscript(api.db, id);
    expect([...injectedIds(messages)]).toEqual(["steer-norway"]);
    expect(messages.map(({ role }) => role)).toEqual(["user", "user", "assistant"]);
  });

  it("without one, a steering message is a question of its own", async () => {
    const id = await api.newChat();
    const steered = await api.json("steer", { params: { id }, body: { text: "count to 3" } });
    expect(steered.body).toMatchObject({ isSteered: false });
    const rest = await api.json("followChat", { params: { id } });
    expect(rest.body).toMatchObject({ status: "completed", text: counted(3) });
  });

  it("stops, and what was written of it is kept", async () => {
    const id = await api.newChat();
    const response = await api.call("sendMessage", {
      params: { id },
      body: { text: "count to 3000 at 20 ms" },
      ...asStream,
    });
    let deltas = 0;
    const { result } = await readStream(response, async ({ data }) => {
      if (data === "[DONE]" || data["type"] !== "text-delta" || ++deltas !== 5) return;
      expect(await api.json("stop", { params: { id } })).toEqual({ status: 202, body: { isStopping: true } });
    });
    expect(result).toMatchObject({ status: "stopped" });
    expect(result!.text).toMatch(/^0 1 2/);
    expect(await api.json("stop", { params: { id } })).toMatchObject({ body: { isStopping: false } });
    expect((await api.send(id, "count to 3")).text).toBe(counted(3));
  });

  it("is followed again after the cursor: nothing is lost, nothing comes twice", async () => {
    const id = await api.newChat();
    const gone = new AbortController();
    const first = await api.call("sendMessage", {
      params: { id },
      body: { text: "count to 60 at 20 ms" },
      ...asStream,
    });
    const before: SentEvent[] = [];
    await readStream(first, (event) => {
      before.push(event);
      if (before.length === 20) throw new Error("The connection broke.");
    }).catch(() => gone.abort());
    const cursor = before.at(-1)!.id!;
    const rest = await readStream(
      await api.call("followChat", {
        params: { id },
        headers: { accept: "text/event-stream", "last-event-id": cursor },
      }),
    );
    const wordsOf = (events: SentEvent[]) =>
      events
        .map(({ data }) => (data !== "[DONE]" && data["type"] === "text-delta" ? data["delta"] : ""))
        .join("");
    expect((wordsOf(before) + wordsOf(rest.events)).trim()).toBe(counted(60));
    expect(Number(rest.events[0]!.id)).toBe(Number(cursor) + 1);
    // At the end, nothing is to come.
    const { cursor: end } = rest.result!;
    const again = await readStream(
      await api.call("followChat", { params: { id }, query: { after: end!, as: "stream" } }),
    );
    expect(again).toMatchObject({
      text: "",
      isDone: true,
      result: { status: "completed", text: counted(60) },
    });
  });
});

describe("a chat", () => {
  it("is listed and read, a page at a time", async () => {
    const id = await api.newChat();
    await api.send(id, "count to 3");
    await api.send(id, "count to 4");
    const { body } = await api.json("listChats", { query: { limit: "1" } });
    expect(body["chats"].map((chat: { id: string }) => chat.id)).toEqual([id]);
    expect(body["nextCursor"]).toBeTruthy();
    const next = await api.json("listChats", { query: { limit: "1", after: body["nextCursor"] } });
    expect(next.body["chats"][0].id).not.toBe(id);
    const page = await api.json("readChat", { params: { id }, query: { limit: "2" } });
    expect(page.body["messages"].map(({ role }: { role: string }) => role)).toEqual(["user", "assistant"]);
    const earlier = await api.json("readChat", {
      params: { id },
      query: { before: page.body["nextCursor"] },
    });
    expect(earlier.body["messages"]).toHaveLength(2);
  });

  it("is preloaded, and closed: its next message starts another process", async () => {
    const id = await api.newChat();
    expect(await api.json("close", { params: { id } })).toEqual({ status: 202, body: { isClosing: false } });
    expect(await api.json("preload", { params: { id } })).toEqual({ status: 202, body: { isReady: true } });
    await expect.poll(() => api.engine.workerOf(id)).toBeTruthy();
    expect((await api.send(id, "count to 3")).text).toBe(counted(3));
    expect(await api.json("close", { params: { id } })).toEqual({ status: 202, body: { isClosing: true } });
    await expect.poll(() => api.engine.workerOf(id)).toBeUndefined();
    expect((await api.send(id, "count to 4")).text).toBe(counted(4));
  });

  it("is the same for a page, for the SDK with the server's key, and for a caller", async () => {
    const id = await api.newChat();
    expect((await api.send(id, "count to 3")).text).toBe(counted(3));
    expect(
      (await readAnswer(await openPage(site(), id).ask("count to 4"))).finished.at(-1)?.text.trim(),
    ).toBe(counted(4));
    await savedTranscript(api.db, id);
    const { cursor } = (await api.json("readChat", { params: { id } })).body;
    const chat = new AgentChat({ agent: "chat", id, session: { lastEventId: cursor } });
    expect((await (await chat.sendMessage("count to 5")).text()).trim()).toBe(counted(5));
    expect((await savedTranscript(api.db, id)).messages).toHaveLength(6);
    expect((await api.send(id, "count to 6")).text).toBe(counted(6));
  });

  it("is edited, answered again, and moved between branches", async () => {
    const id = await api.newChat();
    const first = await api.send(id, "count to 3", { messageId: "first" });
    const edit = { type: "edit", nodeId: "first", text: "count to 4", newId: "second", actionId: "edit-1" };
    const edited = await api.json("act", { params: { id }, body: edit });
    expect(edited).toMatchObject({ status: 200, body: { text: counted(4), messageId: "second" } });
    // The same action again finds its work done.
    expect((await api.json("act", { params: { id }, body: edit })).body).toMatchObject({
      answerId: edited.body["answerId"],
    });
    const again = await api.json("act", {
      params: { id },
      body: { type: "regenerate", nodeId: edited.body["answerId"] },
    });
    expect(again.body).toMatchObject({ text: counted(4), messageId: "second", status: "completed" });
    expect(again.body["answerId"]).not.toBe(edited.body["answerId"]);
    const back = await api.json("act", { params: { id }, body: { type: "switch", nodeId: "first" } });
    expect(back.body).toMatchObject({ answerId: first.answerId, text: counted(3) });
    const undone = await api.json("act", { params: { id }, body: { type: "undo", headId: first.answerId } });
    expect(undone.body).toMatchObject({ answerId: null, messageId: null, status: "completed" });
    const redone = await api.json("act", { params: { id }, body: { type: "redo", headId: null } });
    expect(redone.body).toMatchObject({ answerId: first.answerId });
    for (const [body, code, status] of [
      [{ type: "switch", nodeId: "nobody" }, "message-not-found", 404],
      [{ type: "edit", nodeId: first.answerId, text: "x" }, "not-a-question", 400],
      [{ type: "regenerate", nodeId: "nobody" }, "message-not-found", 404],
    ] as const)
      expect(await api.json("act", { params: { id }, body })).toMatchObject({
        status,
        body: { error: { code } },
      });
  });
});

describe("a request", () => {
  it("is listed with its answer, decided once, and the answer continues", async () => {
    const id = await api.newChat();
    const asked = await api.send(id, "Refund order 1042");
    expect(asked.status).toBe("waiting");
    const [request] = asked.requests;
    expect(request).toMatchObject({ kind: "approval", tool: "refund", state: "pending" });
    const listed = await api.json("listRequests", { params: { id } });
    expect(listed.body["requests"]).toEqual([request]);
    const params = { id, requestId: request!.id };

    const wrong = await api.json("decideRequest", {
      params,
      body: { type: "approve", editedInput: { ...(request!.input as object), amount: "much" } },
    });
    expect(wrong).toMatchObject({
      status: 400,
      body: { error: { code: "invalid", field: "editedInput.amount" } },
    });

    const decided = await api.json("decideRequest", { params, body: { type: "approve" } });
    expect(decided).toEqual({ status: 200, body: { isComplete: true } });
    const late = await api.json("decideRequest", { params, body: { type: "deny" } });
    expect(late).toMatchObject({ status: 409, body: { error: { code: "decided" } } });
    const row = await api.db.humanRequest.findFirstOrThrow({ where: { chatId: id } });
    expect(row).toMatchObject({ state: "approved", decidedBy: "ada", decidedVia: "api" });

    const rest = await api.json("followChat", { params: { id } });
    expect(rest.body).toMatchObject({ answerId: asked.answerId });
    const result = rest.body["toolResults"].find(
      (each: { toolCallId: string }) => each.toolCallId === request!.toolCallId,
    );
    expect(result.output).toBeTruthy();
  });

  it("of another person, or that never was, is not found", async () => {
    const id = await api.newChat();
    const { requests } = await api.send(id, "Ask me which lamp to send");
    const foreign = await api.json("decideRequest", {
      params: { id, requestId: requests[0]!.id },
      body: { type: "skip" },
      key: api.key("bob"),
    });
    expect(foreign).toMatchObject({ status: 404, body: { error: { code: "chat-not-found" } } });
    for (const requestId of ["none", "no.such", `${requests[0]!.messageId}.nobody`])
      expect(
        await api.json("decideRequest", { params: { id, requestId }, body: { type: "skip" } }),
      ).toMatchObject({ status: 404, body: { error: { code: "request-not-found" } } });
  });
});

it("every operation of the document was carried out, and its response compared with it", () => {
  expect(api.succeeded()).toEqual(Object.keys(operations).toSorted());
});
