CREATE FUNCTION app.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    new.updated_at := now();
    RETURN new;
END
$$;

CREATE TABLE app.companies (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    ticker text UNIQUE,
    sector text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX companies_sector_idx ON app.companies (sector);
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON app.companies FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();

-- One meaning a company, as a model of 1536 dimensions sees it; near by cosine distance.
CREATE TABLE app.company_embeddings (
    company_id uuid PRIMARY KEY REFERENCES app.companies ON DELETE CASCADE,
    embedding extensions.vector(1536) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX company_embeddings_embedding_idx ON app.company_embeddings
    USING hnsw (embedding extensions.vector_cosine_ops);
