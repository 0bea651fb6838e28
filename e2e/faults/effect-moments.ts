/** Where a worker dies that is about to do something, does it, or has done it. Runs in the worker. */
import { bankFailures, payAt, startBank, type Bank, type BankFailure } from "@/e2e/support/bank";
import { backOffice } from "@/trigger/demo/back-office";
import { effectTools } from "@/trigger/tools/effect-tools";
import { strikes } from "./worker-faults";

/** In order: before the ledger has heard of it, before it happens, before its end is recorded, before it is saved. */
const effectMoments = ["called", "begun", "happened", "recorded"] as const;
/** Or the worker lives, and the service that did it cannot say so. */
export type EffectMoment = (typeof effectMoments)[number] | BankFailure;

/** `subject` is the order of a refund, or the recipient of an email: one for each trial, so that many can run at once. */
export function effectFault(moment: EffectMoment, subject: string): `effect-${string}` {
  return `effect-${moment}-${subject}`;
}

type Execute = (input: unknown, options: unknown) => Promise<unknown>;

export function breakEffects(): void {
  const real = { ...backOffice };
  backOffice.refund = async (order) => {
    const failure = bankFailures.find((each) => strikes(effectFault(each, order.orderId)));
    if (failure) return payAt((await bank(real)).url, { order: JSON.stringify(order), failure, key: "" });
    return dying(order.orderId, ["begun", "happened"], () => real.refund(order));
  };
  backOffice.send = (mail, key) => dying(mail.to, ["begun", "happened"], () => real.send(mail, key));
  watch(effectTools.refund, ({ orderId }: { orderId: string }) => orderId);
  watch(effectTools.sendEmail, ({ to }: { to: string }) => to);
}

let started: Promise<Bank> | undefined;

/** The same books, behind a wire that fails. */
function bank(real: typeof backOffice): Promise<Bank> {
  return (started ??= startBank(({ order }) => real.refund(JSON.parse(order))));
}

function watch<Input>(tool: { execute?: unknown }, subjectOf: (input: Input) => string): void {
  const execute = tool.execute as Execute;
  const watched: Execute = (input, options) =>
    dying(subjectOf(input as Input), ["called", "recorded"], () => execute(input, options));
  Object.assign(tool, { execute: watched });
}

async function dying<T>(
  subject: string,
  [before, after]: [EffectMoment, EffectMoment],
  act: () => Promise<T>,
): Promise<T> {
  if (strikes(effectFault(before, subject))) await die();
  const result = await act();
  if (strikes(effectFault(after, subject))) await die();
  return result;
}

function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {}); // The signal is on its way; nothing more may happen here.
}
