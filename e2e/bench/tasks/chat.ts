/** The product's agent as it is. */
export { chatAgent } from "@/trigger/chat";
export { whenSpare } from "@/trigger/agent/prewarm";
