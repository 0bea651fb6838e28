/** The names, descriptions and inputs of the tools. What they do is in trigger/tools, which only the worker imports. */
import { z } from "zod";
import { codeLanguages } from "./code-run";

export const toolSchemas = {
  weather: {
    title: "Weather",
    description: "The current weather in a city. Demonstration data: deterministic, not measured.",
    inputSchema: z.object({
      city: z.string().min(1).max(100).describe("Name of the city, for example Oslo"),
    }),
  },
  lookUp: {
    title: "Lookup",
    description: "Looks up one aspect of a topic, slowly. Demonstration data: made up.",
    inputSchema: z.object({
      topic: z.string().min(1).max(200).describe("What to look up"),
      step: z.number().int().min(1).max(20).describe("Which of several lookups this is"),
    }),
  },
  currentTime: {
    title: "Current time",
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
    title: "Refund",
    description:
      "Pays money of an order back to the customer. This can't be undone. Demonstration data: no bank is involved.",
    inputSchema: z.object({
      orderId: z
        .string()
        .trim()
        .min(1)
        .max(60)
        .describe("The order, for example A-1042")
        .meta({ title: "Order" }),
      amount: z.number().positive().max(1_000_000).describe("How much, in units of the currency"),
      currency: z.enum(["EUR", "USD", "GBP", "NOK"]),
      reason: z.string().max(500).optional().describe("Why, for the records"),
    }),
  },
  deleteRecords: {
    title: "Record deletion",
    description:
      "Deletes records for good: those with the given ids, or those from before a day. Demonstration data: nothing real is deleted.",
    inputSchema: z
      .object({
        collection: z.enum(["customers", "orders", "invoices", "logs"]),
        ids: z.array(z.string().trim().min(1).max(60)).min(1).max(100).optional().meta({ title: "IDs" }),
        olderThan: z.iso.date().optional().describe("A day, for example 2024-01-31"),
      })
      .refine(({ ids, olderThan }) => (ids === undefined) !== (olderThan === undefined), {
        message: "Give either `ids` or `olderThan`, and not both.",
      }),
  },
  sendEmail: {
    title: "Email",
    description: "Sends an email. Demonstration data: it is kept and goes nowhere.",
    inputSchema: z.object({
      to: z.email().max(254).describe("Email address of the recipient"),
      subject: z.string().min(1).max(200),
      body: z.string().min(1).max(20_000),
    }),
  },
  askQuestion: {
    title: "Question",
    description:
      "Asks the person one question with two to four options, when you cannot go on without their choice. Wait for the answer.",
    inputSchema: z.object({
      question: z.string().min(1).max(500).describe("The question, in one sentence"),
      options: z
        .array(
          z.object({
            id: z.string().min(1).max(60),
            label: z.string().min(1).max(120),
            description: z.string().max(300).optional(),
          }),
        )
        .min(2)
        .max(4),
      multiple: z.boolean().optional().describe("More than one may be chosen"),
      allowText: z.boolean().optional().describe("The person may answer in their own words"),
    }),
  },
  askDelivery: {
    title: "Delivery details",
    description:
      "Shows the person a form for where and when something should be delivered. Wait for the answer.",
    inputSchema: z.object({
      item: z.string().min(1).max(120).describe("What is delivered"),
      why: z.string().max(300).optional().describe("Why it is needed, in one sentence"),
    }),
  },
  longJob: {
    title: "Long job",
    description:
      "Starts a job that continues in the background, also when the page is closed. Returns at once; the person watches the progress on a card. Demonstration data: the steps do nothing.",
    inputSchema: z.object({
      name: z.string().trim().min(1).max(80).describe("What the job does, for example: Yearly report"),
      steps: z.number().int().min(1).max(2_000).describe("How many steps it has, each about half a second"),
    }),
  },
  runCode: {
    title: "Code",
    description:
      'Runs code in a sandbox and returns what it prints and its value: that of its last expression, or what it returns. It has no network, no files and no packages, 10 seconds and 64 MB. Use it to compute instead of guessing. Return an array of objects to show a table, or { chart: "bar" | "line", title?, xLabel?, yLabel?, x: [...], y: [numbers] } to show a chart, with series: [{ name, y }] instead of y for several lines. What one call defines is there for the next call of the same answer.',
    inputSchema: z.object({
      language: z
        .enum(codeLanguages)
        .describe("javascript and typescript always run; python only where E2B is set up"),
      code: z.string().min(1).describe("The whole program, at most 50,000 characters"),
    }),
  },
  delegate: {
    title: "Sub-agent",
    description:
      "Gives a task to an agent of its own, which looks things up, acts, and may ask the person. Several work at once when you call this several times in one step. The same name is the same agent, which remembers what it did before. Returns what it found.",
    inputSchema: z.object({
      name: z
        .string()
        .trim()
        .min(1)
        .max(60)
        .describe("Who does it, for example: Courier desk. Reuse a name to continue with that agent"),
      task: z
        .string()
        .min(1)
        .max(2_000)
        .describe("What it has to find out, with everything it needs to know"),
    }),
  },
};

/** The answers that people give to tools that only ask. */
export const answerSchemas = {
  askQuestion: z.object({
    optionIds: z.array(z.string().max(60)).max(4),
    text: z.string().max(2_000).optional(),
  }),
  askDelivery: z.object({
    name: z.string().min(2).max(60).meta({ title: "Full name" }),
    parcels: z.int().min(1).max(9).default(1),
    speed: z.enum(["standard", "express"]).default("standard"),
    day: z.iso.date().describe("The first day that suits you"),
    isGift: z.boolean().default(false).meta({ title: "This is a gift" }),
    address: z.object({
      street: z.string().min(3).max(120),
      city: z.string().min(2).max(60),
      floor: z.int().min(0).max(120).nullable(),
    }),
    phones: z
      .array(z.string().regex(/^[+0-9 ]{5,20}$/, "Digits and spaces, at least 5."))
      .max(3)
      .default([]),
    note: z.string().max(500).optional().meta({ title: "Note for the courier" }),
  }),
};

/** What a person calls the tool; a name that is not one of ours is returned as it is. */
export function toolTitle(name: string): string {
  return Object.hasOwn(toolSchemas, name) ? toolSchemas[name as keyof typeof toolSchemas].title : name;
}
