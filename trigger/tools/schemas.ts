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
};
