-- Nobody but the administrator reads or writes the journal: a script's owner must not be able to forge it.
CREATE SCHEMA IF NOT EXISTS postgres_platform;
CREATE TABLE IF NOT EXISTS postgres_platform.script_journal (
    name text PRIMARY KEY,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    applied_at timestamptz NOT NULL DEFAULT now(),
    applied_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE postgres_platform.script_journal IS 'Which SQL scripts ran in this database; written by postgres-platform';
