/** Thrown for a model server that is set up wrongly. Its words are for the person who reads the chat. */
export class ModelSetupError extends Error {
  override name = "ModelSetupError";
}
