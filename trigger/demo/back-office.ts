/**
 * The records of the demo tools, in place of a bank, a database and a mail server. Every call adds an entry, so a
 * repeated effect is visible. Only mail supports an idempotency key, as some real services do.
 */
import { randomUUID } from "node:crypto";
import { DidNotHappenError } from "@/lib/chat/effects/ledger";
import { db } from "@/lib/db/client";
import { addMail } from "./back-office.sql";

type Refund = { orderId: string; amount: number; currency: string; reason?: string | undefined };
type Deletion = { collection: string; ids?: string[] | undefined; olderThan?: string | undefined };
type Mail = { to: string; subject: string; body: string };

const MOST_PER_REFUND = 10_000;

export const backOffice = {
  async refund(refund: Refund): Promise<{ id: string }> {
    // This refusal comes before the booking. Any later error may come after it.
    if (refund.amount > MOST_PER_REFUND)
      throw new DidNotHappenError(
        `One refund may be ${MOST_PER_REFUND.toLocaleString("en-US")} at most, so nothing was refunded.`,
      );
    return db.demoEntry.create({ data: { kind: "refund", data: refund }, select: { id: true } });
  },

  async delete(deletion: Deletion): Promise<{ id: string }> {
    return db.demoEntry.create({ data: { kind: "deletion", data: deletion }, select: { id: true } });
  },

  /** A repeated key returns the first answer. */
  async send(mail: Mail, idempotencyKey: string): Promise<{ id: string }> {
    const [entry] = await addMail(db, randomUUID(), mail, idempotencyKey);
    return entry!;
  },
};
