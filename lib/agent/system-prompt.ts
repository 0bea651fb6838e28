/** What the agent is told before every conversation, by the worker and by a head start alike. */
export const SYSTEM_PROMPT =
  "You are a helpful assistant. Answer in the language of the question, in Markdown, and no longer than it needs.";
