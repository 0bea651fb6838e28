/** What the tools are, without what they do: light enough for the page and for a first step outside the worker. */
import { z } from "zod";

export const toolSchemas = {
  weather: {
    description: "The current weather in a city. Demonstration data: deterministic, not measured.",
    inputSchema: z.object({
      city: z.string().min(1).max(100).describe("Name of the city, for example Oslo"),
    }),
  },
  lookUp: {
    description: "Looks up one aspect of a topic, slowly. Demonstration data: made up.",
    inputSchema: z.object({
      topic: z.string().min(1).max(200).describe("What to look up"),
      step: z.number().int().min(1).max(20).describe("Which of several look-ups this is"),
    }),
  },
  currentTime: {
    description: "The current date and time.",
    inputSchema: z.object({
      timeZone: z
        .string()
        .max(60)
        .optional()
        .describe("IANA time zone, for example Europe/Oslo. Default: UTC"),
    }),
  },
  refund: {
    description:
      "Pays money of an order back to the customer. It cannot be taken back. Demonstration data: no bank hears of it.",
    inputSchema: z.object({
      orderId: z.string().trim().min(1).max(60).describe("The order, for example A-1042"),
      amount: z.number().positive().max(1_000_000).describe("How much, in units of the currency"),
      currency: z.enum(["EUR", "USD", "GBP", "NOK"]),
      reason: z.string().max(500).optional().describe("Why, for the books"),
    }),
  },
  deleteRecords: {
    description:
      "Deletes records for good: those with the given ids, or those from before a day. Demonstration data: nothing real is deleted.",
    inputSchema: z
      .object({
        collection: z.enum(["customers", "orders", "invoices", "logs"]),
        ids: z.array(z.string().trim().min(1).max(60)).min(1).max(100).optional(),
        olderThan: z.iso.date().optional().describe("A day, for example 2024-01-31"),
      })
      .refine(({ ids, olderThan }) => (ids === undefined) !== (olderThan === undefined), {
        message: "Give either `ids` or `olderThan`, and not both.",
      }),
  },
  sendEmail: {
    description: "Sends an e-mail. Demonstration data: it is kept and goes nowhere.",
    inputSchema: z.object({
      to: z.email().max(254).describe("Address of the receiver"),
      subject: z.string().min(1).max(200),
      body: z.string().min(1).max(20_000),
    }),
  },
};
