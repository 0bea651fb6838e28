/** The phrase to type before everything is deleted. */
export const DELETE_EVERYTHING_PHRASE = "delete everything";
