-- As `json` an object keeps the order of its keys: that of the tool's arguments, and of the fields of a form.
ALTER TABLE "HumanRequest"
  ALTER COLUMN "input" TYPE JSON,
  ALTER COLUMN "schema" TYPE JSON,
  ALTER COLUMN "output" TYPE JSON,
  ALTER COLUMN "editedInput" TYPE JSON;
