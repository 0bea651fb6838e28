import type { HumanRequestView, RequestState } from "@/components/chat/requests/request";

const chat = {
  chatId: "kit",
  chatTitle: "Refund for order 4417",
  messageId: "m1",
  createdAt: "2026-11-21T14:02:00Z",
};

const settled = {
  decidedBy: "Mara",
  decidedVia: "inbox",
  decidedAt: "2026-11-21T14:05:00Z",
} as const;

export const question: HumanRequestView = {
  ...chat,
  toolCallId: "question",
  tool: "askUser",
  kind: "question",
  title: "Which lamp should be sent instead?",
  state: "pending",
  input: {
    question: "The Arc lamp is sold out until January. The other two are in stock.",
    options: [
      { id: "dune", label: "Dune lamp", description: "Same price, brass" },
      { id: "reef", label: "Reef lamp", description: "€ 12 less, which would be refunded" },
      { id: "wait", label: "Wait for the Arc lamp" },
    ],
    allowText: true,
  },
};

export const severalQuestion: HumanRequestView = {
  ...question,
  toolCallId: "question-several",
  title: "Which days suit the courier?",
  input: {
    question: "Which days suit the courier?",
    multiple: true,
    options: [
      { id: "mon", label: "Monday" },
      { id: "tue", label: "Tuesday" },
      { id: "wed", label: "Wednesday" },
      { id: "thu", label: "Thursday" },
    ],
  },
};

export const approval: HumanRequestView = {
  ...chat,
  toolCallId: "approval",
  tool: "refundPayment",
  kind: "approval",
  title: "Approve a refund",
  why: "Sends money to the card that paid for order 4417. This can't be undone.",
  state: "pending",
  input: { amount: 89, currency: "EUR", item: "ARC-LAMP-02", reason: "damaged on arrival" },
  schema: {
    "x-approve": "Approve {amount} {currency}",
    type: "object",
    properties: {
      amount: { type: "number", exclusiveMinimum: 0, maximum: 89, multipleOf: 0.01 },
      currency: { type: "string", enum: ["EUR", "NOK"] },
      item: { type: "string", pattern: "^[A-Z0-9-]+$" },
      reason: { type: "string", minLength: 3, maxLength: 120 },
    },
    required: ["amount", "currency", "item", "reason"],
  },
};

export const plainApproval: HumanRequestView = {
  ...approval,
  toolCallId: "approval-json",
  tool: "runQuery",
  title: "Run a query on the warehouse",
  why: "This tool has no schema here, so its arguments are edited as JSON.",
  input: { sql: "select count(*) from parcels where lost", limits: { rows: 10, seconds: 5 } },
  schema: undefined,
  expiresAt: "2026-11-21T18:00:00Z",
};

export const disguisedApproval: HumanRequestView = {
  ...approval,
  toolCallId: "approval-disguised",
  tool: "openFile",
  title: "Open a file",
  why: "Characters that cannot be seen are written out.",
  input: { path: "invoice\u202Efdp.exe", note: "zero\u200Bwidth" },
  schema: undefined,
};

export const form: HumanRequestView = {
  ...chat,
  toolCallId: "form",
  tool: "collectDetails",
  kind: "form",
  title: "Where should the new lamp go?",
  why: "The courier needs all of it before the pickup.",
  state: "pending",
  input: {},
  schema: {
    type: "object",
    properties: {
      name: { type: "string", title: "Full name", minLength: 2, maxLength: 60 },
      email: { type: "string", format: "email", title: "Email" },
      parcels: { type: "integer", minimum: 1, maximum: 9, default: 1 },
      speed: { type: "string", enum: ["slow", "fast"], default: "slow" },
      day: { type: "string", format: "date", description: "The courier does not come on Sundays." },
      isGift: { type: "boolean", title: "This is a gift" },
      address: {
        type: "object",
        properties: {
          street: { type: "string" },
          floor: { type: ["integer", "null"], minimum: 0, maximum: 60 },
        },
        required: ["street", "floor"],
      },
      phones: { type: "array", items: { type: "string", pattern: "^[+0-9 ]+$" }, maxItems: 3 },
      note: { type: "string", maxLength: 500, title: "Note for the courier" },
    },
    required: ["name", "email", "parcels", "speed", "day", "isGift", "address"],
  },
};

export const confirm: HumanRequestView = {
  ...chat,
  toolCallId: "confirm",
  tool: "deleteCustomer",
  kind: "confirm",
  title: "Delete a customer with all orders",
  why: "All of it is gone at once, also from the backups. This can't be undone.",
  state: "pending",
  input: { customer: "cus_4417" },
  phrase: "delete cus_4417",
};

const as = (request: HumanRequestView, state: RequestState, more: Partial<HumanRequestView> = {}) => ({
  ...request,
  ...settled,
  ...more,
  state,
  toolCallId: `${request.toolCallId}-${state}-${Object.keys(more).join("-")}`,
});

export const decided: HumanRequestView[] = [
  as(question, "answered", { output: { optionIds: ["dune"], text: "And please hurry." } }),
  as(question, "skipped", { decidedVia: "message" }),
  as(approval, "approved"),
  as(approval, "approved", {
    editedInput: { amount: 75, currency: "EUR", item: "ARC-LAMP-02", reason: "damaged on arrival" },
    decidedVia: "card",
  }),
  as(approval, "denied", { reason: "The photo shows another lamp. Ask for a second one." }),
  as(approval, "expired", { decidedBy: null, decidedVia: "timeout" }),
  as(approval, "superseded", { decidedBy: null, decidedVia: null, decidedAt: null }),
  as(approval, "unknown-outcome", { decidedVia: "link" }),
  as(form, "answered", {
    output: { name: "Mara Holm", parcels: 1, address: { street: "North Mole 4", floor: null } },
  }),
  as(confirm, "denied", { decidedVia: "card" }),
];

export const inbox: HumanRequestView[] = [
  { ...approval, toolCallId: "inbox-approval" },
  { ...severalQuestion, toolCallId: "inbox-question", onOtherBranch: true },
  {
    ...question,
    chatId: "kit-2",
    chatTitle: "Compare the three EU hosting offers",
    toolCallId: "inbox-offer",
    title: "Which offer should be signed?",
  },
];
