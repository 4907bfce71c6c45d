CREATE TYPE auth.user_role AS ENUM ('user', 'admin', 'superadmin');

CREATE TABLE auth.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE CHECK (email = lower(email)),
    password_hash text NOT NULL,
    display_name text NOT NULL DEFAULT '',
    role auth.user_role NOT NULL DEFAULT 'user',
    is_active boolean NOT NULL DEFAULT true,
    email_verified_at timestamptz,
    last_login_at timestamptz,
    last_login_from inet,
    preferences jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Tokens are stored hashed: who reads this table cannot log in with what it holds.
CREATE TABLE auth.user_sessions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,
    ip_address inet NOT NULL,
    user_agent text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CHECK (expires_at > created_at)
);
CREATE INDEX user_sessions_user_id_idx ON auth.user_sessions (user_id);
CREATE INDEX user_sessions_expires_at_idx ON auth.user_sessions (expires_at);

CREATE TABLE auth.password_resets (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,
    requested_from inet,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX password_resets_user_id_idx ON auth.password_resets (user_id);

CREATE TABLE auth.email_verifications (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    email text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    verified_at timestamptz
);
CREATE INDEX email_verifications_user_id_idx ON auth.email_verifications (user_id);

-- No foreign key: the trail outlives whom it speaks of.
CREATE TABLE auth.audit_log (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_id uuid,
    database_role text NOT NULL DEFAULT session_user,
    action text NOT NULL,
    entity text NOT NULL,
    entity_id uuid,
    ip_address inet,
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_actor_id_happened_at_idx ON auth.audit_log (actor_id, happened_at);
CREATE INDEX audit_log_entity_entity_id_idx ON auth.audit_log (entity, entity_id);
CREATE INDEX audit_log_happened_at_idx ON auth.audit_log USING brin (happened_at);

CREATE FUNCTION auth.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    new.updated_at := now();
    RETURN new;
END
$$;

-- Names of changed columns, never their values: hashes and tokens have no place in a trail. As the owner, so that the
-- service can neither leave an entry out nor change one.
CREATE FUNCTION auth.record_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    before jsonb := CASE WHEN tg_op <> 'INSERT' THEN to_jsonb(old) END;
    after jsonb := CASE WHEN tg_op <> 'DELETE' THEN to_jsonb(new) END;
BEGIN
    INSERT INTO auth.audit_log (actor_id, action, entity, entity_id, details)
    VALUES (
        nullif(current_setting('app.current_user_id', true), '')::uuid,
        lower(tg_op),
        tg_table_schema || '.' || tg_table_name,
        (coalesce(after, before) ->> 'id')::uuid,
        jsonb_build_object('changed', (
            SELECT coalesce(jsonb_agg(column_name ORDER BY column_name), '[]')
            FROM jsonb_object_keys(coalesce(after, before)) AS column_name
            WHERE before -> column_name IS DISTINCT FROM after -> column_name
        ))
    );
    RETURN NULL;
END
$$;

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON auth.users FOR EACH ROW EXECUTE FUNCTION auth.touch_updated_at();
CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON auth.users
    FOR EACH ROW EXECUTE FUNCTION auth.record_change();
CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON auth.password_resets
    FOR EACH ROW EXECUTE FUNCTION auth.record_change();
CREATE TRIGGER record_change AFTER INSERT OR DELETE ON auth.user_sessions
    FOR EACH ROW EXECUTE FUNCTION auth.record_change();
CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON auth.email_verifications
    FOR EACH ROW EXECUTE FUNCTION auth.record_change();
