import { test as base, expect, type Locator, type Page } from "@playwright/test";
import pg from "pg";
import type { Mode } from "@/lib/engine/mode";
import { startApp, type TestApp } from "./app";

export { expect };

export type StoryOptions = {
  /** Set by the project: the stories about lives are told in both modes. */
  engineMode: Mode;
  engineEnv: Record<string, string>;
};

/** `app` is one for all stories of a file; `conversation` is a fresh guest on the first page. */
export const test = base.extend<{ conversation: Conversation }, { app: TestApp } & StoryOptions>({
  engineMode: ["embedded", { option: true, scope: "worker" }],
  engineEnv: [{}, { option: true, scope: "worker" }],
  app: [
    async ({ engineMode, engineEnv }, provide) => {
      const app = await startApp({ ENGINE_MODE: engineMode, ...engineEnv });
      await provide(app);
      await app.close();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  baseURL: ({ app }, provide) => provide(app.url),
  conversation: async ({ page, app }, provide) => {
    await page.goto("/");
    await provide(new Conversation(page, app));
  },
});

/** A person in front of the chat page. */
export class Conversation {
  readonly page: Page;
  readonly app: TestApp;

  constructor(page: Page, app: TestApp) {
    this.page = page;
    this.app = app;
  }

  get composer(): Locator {
    return this.page.getByRole("textbox", { name: "Message" });
  }

  get sendButton(): Locator {
    return this.page.getByRole("button", { name: "Send", exact: true });
  }

  get stopButton(): Locator {
    return this.page.getByRole("button", { name: "Stop", exact: true });
  }

  get questions(): Locator {
    return this.page.locator('[data-slot="message"][data-role="user"]');
  }

  get answers(): Locator {
    return this.page.locator('[data-slot="message"][data-role="assistant"]');
  }

  /** What the answers say, without the row under them. */
  get answerTexts(): Locator {
    return this.answers.locator('[data-slot="message-content"]');
  }

  async ask(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.sendButton.click();
  }

  /** Waits until the newest answer shows this number, so that something is to be interrupted. */
  async sees(number: number): Promise<void> {
    await expect(this.answerTexts.last()).toContainText(new RegExp(`\\b${number}\\b`));
  }

  /** The turn is over: Send is back. */
  async settles(): Promise<void> {
    await expect(this.sendButton).toBeVisible();
    await expect(this.stopButton).toHaveCount(0);
  }

  /** What stands on the page, and after a reload still stands there, and stands in the database. */
  async stands(expected: Array<{ role: "user" | "assistant"; text: string | RegExp }>): Promise<void> {
    await this.settles();
    await this.shows(expected);
    await expect.poll(() => this.saved()).toHaveLength(expected.length);
    await this.page.reload();
    await this.shows(expected);
    const saved = await this.saved();
    expect(saved.map((message) => message.role)).toEqual(expected.map((message) => message.role));
  }

  async shows(expected: Array<{ role: "user" | "assistant"; text: string | RegExp }>): Promise<void> {
    await expect(this.page.locator('[data-slot="message"]')).toHaveCount(expected.length);
    for (const [index, { role, text }] of expected.entries()) {
      const message = this.page.locator('[data-slot="message"]').nth(index);
      await expect(message).toHaveAttribute("data-role", role);
      await expect(message.locator('[data-slot="message-content"]')).toHaveText(text);
    }
  }

  chatId(): string {
    return new URL(this.page.url()).pathname.replace("/chat/", "");
  }

  async saved(): Promise<Array<{ role: string }>> {
    return this.query(
      `SELECT role FROM "Message" WHERE "chatId" = $1 AND "removedAt" IS NULL ORDER BY "order"`,
      [this.chatId()],
    );
  }

  /** Asks the app's database. */
  async query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.app.databaseUrl });
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }
}

export function counted(to: number): string {
  return Array.from({ length: to + 1 }, (_, number) => number).join(" ");
}
