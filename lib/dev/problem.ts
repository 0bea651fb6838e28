/** Something a person can mend. Its message is one sentence with the way out, shown without a stack trace. */
export class Problem extends Error {}
