CREATE TYPE app.user_role AS ENUM ('member', 'executive', 'admin');
CREATE TYPE app.project_status AS ENUM ('planned', 'active', 'on_hold', 'completed', 'cancelled');

CREATE TABLE app.organizations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE app.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL REFERENCES app.organizations ON DELETE CASCADE,
    email text NOT NULL CHECK (email = lower(email)),
    role app.user_role NOT NULL DEFAULT 'member',
    preferences jsonb NOT NULL DEFAULT '{}',
    encrypted_personal_data bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- Both keys begin with the organization: a conflict never tells one tenant of another's rows.
    UNIQUE (organization_id, email),
    UNIQUE (organization_id, id)
);
COMMENT ON COLUMN app.users.encrypted_personal_data IS
    'Written and read through app.set_personal_data and app.personal_data only; no role holds a grant on it';

CREATE TABLE app.projects (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL REFERENCES app.organizations ON DELETE CASCADE,
    name text NOT NULL,
    status app.project_status NOT NULL DEFAULT 'planned',
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX projects_organization_id_status_idx ON app.projects (organization_id, status);

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON app.organizations FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON app.users FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON app.projects FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();

-- The row policy executive_access asks this. A policy's own subquery would run under the asking role's row policies and
-- find nobody; as the owner it finds the one user in question, and tells no more than that user's organization.
CREATE FUNCTION app.executive_organization_id() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT u.organization_id FROM app.users AS u
    WHERE u.id = nullif(current_setting('app.current_user_id', true), '')::uuid AND u.role IN ('admin', 'executive')
$$;
