import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "@playwright/test";

export type Mail = { to: string[]; subject: string; text: string };

/** A mail service that keeps what it is given. */
export class Mailbox {
  readonly mails: Mail[] = [];
  private readonly server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      this.mails.push(JSON.parse(body) as Mail);
      response.end("{}");
    });
  });

  /** Resolves with its address. */
  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
  }

  to(address: string): Mail[] {
    return this.mails.filter((mail) => mail.to.includes(address));
  }

  /** The path of the link that answers a request, in the only mail to this address. */
  async answerLinkFor(address: string): Promise<string> {
    return (await this.linkIn(address, /http:\/\/localhost:\d+\/answer\/\S+/)).pathname;
  }

  /** The address of the sign-in link in the only mail to this address. */
  async signInLinkFor(address: string): Promise<string> {
    return (await this.linkIn(address, /http:\/\/localhost:\d+\/sign-in\/link\S+/)).href;
  }

  private async linkIn(address: string, pattern: RegExp): Promise<URL> {
    await expect.poll(() => this.to(address)).toHaveLength(1);
    return new URL(pattern.exec(this.to(address)[0]!.text)?.[0] ?? "");
  }
}
