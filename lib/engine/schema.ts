import type { Database } from "./database";

/**
 * The migrations of the engine's tables, which have a schema of their own that Prisma never sees. Never edit a released
 * entry; append a new one. Bodies, payloads and outputs are `text`, because `jsonb` refuses the `\u0000` that models emit.
 */
const MIGRATIONS = [
  `
  create table engine.sessions (
    id text primary key,
    external_id text unique,
    type text not null,
    task text not null,
    trigger_config text not null,
    tags text[] not null default '{}',
    metadata text,
    current_run_id text,
    -- How often runs in a row ended badly, or handed over, without getting past this first pending record.
    stuck_seq bigint,
    crashes int not null default 0,
    swaps int not null default 0,
    closed_at timestamptz,
    closed_reason text,
    expires_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  );
  create index sessions_newest on engine.sessions (created_at desc, id desc);

  create table engine.runs (
    id text primary key,
    session_id text references engine.sessions (id) on delete cascade,
    task text not null,
    reason text not null,
    payload text not null,
    payload_type text not null,
    status text not null,
    attempt int not null default 0,
    max_attempts int,
    max_duration int,
    version text,
    parent_id text,
    parent_waits boolean not null default false,
    idempotency_key text,
    tags text[] not null default '{}',
    metadata text not null default '{}',
    output text,
    output_type text,
    error text,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz
  );
  create index runs_session on engine.runs (session_id, created_at desc);
  create index runs_live on engine.runs (status) where status in ('QUEUED', 'EXECUTING', 'WAITING');
  create index runs_newest on engine.runs (created_at desc, id desc);
  create unique index runs_idempotency on engine.runs (task, idempotency_key) where idempotency_key is not null;

  create table engine.streams (
    id bigint generated always as identity primary key,
    name text not null unique,
    next_seq bigint not null default 0,
    last_ts bigint not null default 0,
    trim_seq bigint not null default 0,
    keep_seq bigint not null default 0,
    sweep_seq bigint not null default 0,
    fencing_token text not null default ''
  );

  create table engine.stream_records (
    stream_id bigint not null references engine.streams (id) on delete cascade,
    seq bigint not null,
    ts bigint not null,
    body text not null,
    headers text,
    hidden boolean not null default false,
    primary key (stream_id, seq)
  );
  create index stream_records_control on engine.stream_records (stream_id, seq) where headers is not null;

  create table engine.stream_parts (
    stream_id bigint not null references engine.streams (id) on delete cascade,
    part_id text not null,
    seq bigint not null,
    created_at timestamptz not null default now(),
    primary key (stream_id, part_id)
  );
  create index stream_parts_age on engine.stream_parts (created_at);

  create table engine.waitpoints (
    id text primary key,
    kind text not null,
    run_id text,
    stream_name text,
    status text not null default 'WAITING',
    deadline timestamptz,
    output text,
    output_type text,
    output_is_error boolean not null default false,
    tags text[] not null default '{}',
    idempotency_key text unique,
    created_at timestamptz not null default now(),
    completed_at timestamptz
  );
  create index waitpoints_open on engine.waitpoints (deadline) where status = 'WAITING';

  create table engine.blobs (
    key text primary key,
    content_type text not null,
    body bytea not null,
    updated_at timestamptz not null default now()
  );
  `,
  `alter table engine.runs add column delayed_until timestamptz, add column expires_at timestamptz`,
  `create table engine.used_tokens (
    digest text primary key,
    call_key text not null,
    expires_at timestamptz not null
  )`,
  `alter table engine.runs add column concurrency_key text`,
  `alter table engine.sessions add column revoked_at timestamptz, add column tokens_from timestamptz`,
  `update engine.stream_records set headers = (
     select jsonb_agg(header.pair order by header.place)::text
     from jsonb_array_elements(headers::jsonb) with ordinality as header (pair, place)
     where header.pair ->> 0 <> 'public-access-token'
   ) where headers like '%public-access-token%'`,
  `alter table engine.runs add column machine text, add column outgrown text`,
  `create table engine.schedules (
    task text primary key,
    cron text not null,
    timezone text not null,
    last_tick timestamptz not null,
    ran_at timestamptz
  )`,
];

/** Migrates schema `engine` to the newest version. The caller holds the engine's lock, so no other process does. */
export async function migrate(database: Database): Promise<void> {
  await database.query("create schema if not exists engine");
  await database.query("create table if not exists engine.schema_version (version int not null)");
  const version = await database.query(
    "select coalesce(max(version), 0)::int as version from engine.schema_version",
  );
  const current: number = version.rows[0].version;
  if (current > MIGRATIONS.length) {
    throw new Error(
      `The engine's tables are at version ${current}, but this code knows only ${MIGRATIONS.length}. Nothing was changed. Update Holdfast, or use another database.`,
    );
  }
  const client = await database.connect();
  try {
    for (const [index, sql] of MIGRATIONS.entries()) {
      if (index < current) continue;
      await client.query("begin");
      await client.query(sql);
      await client.query("insert into engine.schema_version values ($1)", [index + 1]);
      await client.query("commit");
    }
  } finally {
    // Destroys the connection, because after a failure it may still be inside its transaction.
    client.release(true);
  }
}
