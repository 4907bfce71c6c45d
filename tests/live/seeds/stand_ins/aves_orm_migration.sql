-- A stand-in for aves' ORM: what its first migration does, written by hand, and journalled where Drizzle journals.
CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
CREATE TABLE app.species (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    scientific_name varchar(200) NOT NULL UNIQUE,
    common_name varchar(200) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE app.vocabulary (
    id serial PRIMARY KEY,
    species_id uuid NOT NULL REFERENCES app.species ON DELETE CASCADE,
    term varchar(100) NOT NULL,
    definition text NOT NULL,
    search tsvector GENERATED ALWAYS AS (to_tsvector('english', term || ' ' || definition)) STORED,
    UNIQUE (species_id, term)
);
CREATE INDEX vocabulary_search_idx ON app.vocabulary USING gin (search);
CREATE TABLE app.annotations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    species_id uuid NOT NULL REFERENCES app.species ON DELETE CASCADE,
    body jsonb NOT NULL
);
CREATE INDEX annotations_species_id_idx ON app.annotations (species_id);
CREATE INDEX annotations_body_idx ON app.annotations USING gin (body jsonb_path_ops);
CREATE TABLE app.user_progress (
    user_id varchar(64) NOT NULL,
    vocabulary_id integer NOT NULL REFERENCES app.vocabulary ON DELETE CASCADE,
    mastery_level integer NOT NULL DEFAULT 0 CHECK (mastery_level BETWEEN 0 AND 5),
    last_reviewed_at timestamptz,
    PRIMARY KEY (user_id, vocabulary_id)
);
CREATE INDEX user_progress_vocabulary_id_idx ON app.user_progress (vocabulary_id);
CREATE MATERIALIZED VIEW app.species_statistics AS
SELECT s.id AS species_id, s.common_name, count(DISTINCT v.id) AS words, avg(p.mastery_level)::numeric(4, 2) AS mastery
FROM app.species AS s
    LEFT JOIN app.vocabulary AS v ON v.species_id = s.id
    LEFT JOIN app.user_progress AS p ON p.vocabulary_id = v.id
GROUP BY s.id;
-- Refreshing while it is read needs a unique index.
CREATE UNIQUE INDEX species_statistics_species_id_idx ON app.species_statistics (species_id);
INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('a stand-in', 0);
