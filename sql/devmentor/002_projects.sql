CREATE TYPE projects.project_status AS ENUM ('planning', 'active', 'paused', 'completed', 'archived');
CREATE TYPE projects.task_status AS ENUM ('todo', 'in_progress', 'in_review', 'done', 'blocked');
CREATE TYPE projects.priority AS ENUM ('low', 'medium', 'high', 'critical');
CREATE TYPE projects.collaborator_role AS ENUM ('viewer', 'contributor', 'maintainer');

CREATE TABLE projects.project_templates (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE,
    description text NOT NULL DEFAULT '',
    structure jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE projects.projects (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    template_id uuid REFERENCES projects.project_templates ON DELETE SET NULL,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    status projects.project_status NOT NULL DEFAULT 'planning',
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX projects_owner_id_idx ON projects.projects (owner_id);
CREATE INDEX projects_template_id_idx ON projects.projects (template_id);

CREATE TABLE projects.project_collaborators (
    project_id uuid NOT NULL REFERENCES projects.projects ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    role projects.collaborator_role NOT NULL DEFAULT 'viewer',
    invited_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX project_collaborators_user_id_idx ON projects.project_collaborators (user_id);

CREATE TABLE projects.epics (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id uuid NOT NULL REFERENCES projects.projects ON DELETE CASCADE,
    title text NOT NULL,
    description text NOT NULL DEFAULT '',
    position integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, id)
);

CREATE TABLE projects.tasks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id uuid NOT NULL REFERENCES projects.projects ON DELETE CASCADE,
    epic_id uuid,
    assignee_id uuid REFERENCES auth.users ON DELETE SET NULL,
    title text NOT NULL,
    description text NOT NULL DEFAULT '',
    status projects.task_status NOT NULL DEFAULT 'todo',
    priority projects.priority NOT NULL DEFAULT 'medium',
    due_at timestamptz,
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- Of the same project; a task of a deleted epic goes with it.
    FOREIGN KEY (project_id, epic_id) REFERENCES projects.epics (project_id, id) ON DELETE CASCADE
);
CREATE INDEX tasks_project_id_status_idx ON projects.tasks (project_id, status);
CREATE INDEX tasks_project_id_epic_id_idx ON projects.tasks (project_id, epic_id);
CREATE INDEX tasks_assignee_id_idx ON projects.tasks (assignee_id);

CREATE TABLE projects.project_files (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id uuid NOT NULL REFERENCES projects.projects ON DELETE CASCADE,
    path text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, path)
);

CREATE TABLE projects.activity (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id uuid NOT NULL REFERENCES projects.projects ON DELETE CASCADE,
    actor_id uuid REFERENCES auth.users ON DELETE SET NULL,
    action text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    ip_address inet,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX activity_project_id_created_at_idx ON projects.activity (project_id, created_at);
CREATE INDEX activity_actor_id_idx ON projects.activity (actor_id);

CREATE FUNCTION projects.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    new.updated_at := now();
    RETURN new;
END
$$;
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON projects.projects FOR EACH ROW EXECUTE FUNCTION projects.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON projects.epics FOR EACH ROW EXECUTE FUNCTION projects.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON projects.tasks FOR EACH ROW EXECUTE FUNCTION projects.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON projects.project_files FOR EACH ROW EXECUTE FUNCTION projects.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON projects.project_templates
    FOR EACH ROW EXECUTE FUNCTION projects.touch_updated_at();

-- The row policies of this schema ask this. As the owner, because the policies of projects and project_collaborators
-- would otherwise ask each other without end.
CREATE FUNCTION projects.visible_projects() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT p.id FROM projects.projects AS p
    WHERE p.owner_id = nullif(current_setting('app.current_user_id', true), '')::uuid
    UNION
    SELECT c.project_id FROM projects.project_collaborators AS c
    WHERE c.user_id = nullif(current_setting('app.current_user_id', true), '')::uuid
$$;
