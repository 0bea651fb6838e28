/** How often the model may be called for one answer. By itself, so that the page does not load the checks of a message. */
export const MAX_STEPS = 12;
