CREATE TYPE learning.progress_status AS ENUM ('not_started', 'in_progress', 'completed', 'skipped');
CREATE TYPE learning.difficulty AS ENUM ('beginner', 'intermediate', 'advanced', 'expert');

CREATE TABLE learning.roadmaps (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    title text NOT NULL,
    difficulty learning.difficulty NOT NULL DEFAULT 'beginner',
    steps jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(steps) = 'array'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id)
);

CREATE TABLE learning.progress (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    roadmap_id uuid NOT NULL,
    step integer NOT NULL CHECK (step >= 0),
    status learning.progress_status NOT NULL DEFAULT 'not_started',
    details jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, roadmap_id, step),
    FOREIGN KEY (user_id, roadmap_id) REFERENCES learning.roadmaps (user_id, id) ON DELETE CASCADE
);

CREATE TABLE learning.assessments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    roadmap_id uuid,
    topic text NOT NULL,
    score numeric(5, 2) CHECK (score BETWEEN 0 AND 100),
    answers jsonb NOT NULL DEFAULT '{}',
    taken_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (user_id) REFERENCES auth.users ON DELETE CASCADE,
    FOREIGN KEY (user_id, roadmap_id) REFERENCES learning.roadmaps (user_id, id) ON DELETE CASCADE
);
CREATE INDEX assessments_user_id_roadmap_id_idx ON learning.assessments (user_id, roadmap_id);

CREATE TABLE learning.recommendations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    title text NOT NULL,
    reason text NOT NULL DEFAULT '',
    weight numeric(4, 3) NOT NULL DEFAULT 0 CHECK (weight BETWEEN 0 AND 1),
    payload jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    dismissed_at timestamptz
);
CREATE INDEX recommendations_user_id_weight_idx ON learning.recommendations (user_id, weight DESC);

CREATE FUNCTION learning.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    new.updated_at := now();
    RETURN new;
END
$$;
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON learning.roadmaps FOR EACH ROW EXECUTE FUNCTION learning.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON learning.progress FOR EACH ROW EXECUTE FUNCTION learning.touch_updated_at();
