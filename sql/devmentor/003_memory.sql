CREATE TYPE memory.document_kind AS ENUM ('note', 'code', 'conversation', 'upload', 'web');
CREATE TYPE memory.embedding_status AS ENUM ('pending', 'ready', 'failed');

CREATE TABLE memory.documents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    kind memory.document_kind NOT NULL,
    title text NOT NULL,
    source text NOT NULL DEFAULT '',
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id)
);
CREATE INDEX documents_metadata_idx ON memory.documents USING gin (metadata jsonb_path_ops);

-- Each carries its user, and the foreign keys carry it too: nothing can hang below another user's document.
CREATE TABLE memory.chunks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    document_id uuid NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    content text NOT NULL,
    tokens integer NOT NULL CHECK (tokens >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, document_id, position),
    UNIQUE (user_id, id),
    FOREIGN KEY (user_id, document_id) REFERENCES memory.documents (user_id, id) ON DELETE CASCADE
);

CREATE TABLE memory.embeddings_meta (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    chunk_id uuid NOT NULL,
    model text NOT NULL,
    dimensions integer NOT NULL CHECK (dimensions > 0),
    status memory.embedding_status NOT NULL DEFAULT 'pending',
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, chunk_id, model),
    FOREIGN KEY (user_id, chunk_id) REFERENCES memory.chunks (user_id, id) ON DELETE CASCADE
);

CREATE TABLE memory.search_history (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    query text NOT NULL,
    filters jsonb NOT NULL DEFAULT '{}',
    results integer NOT NULL DEFAULT 0,
    ip_address inet,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX search_history_user_id_created_at_idx ON memory.search_history (user_id, created_at);

CREATE FUNCTION memory.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    new.updated_at := now();
    RETURN new;
END
$$;
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON memory.documents FOR EACH ROW EXECUTE FUNCTION memory.touch_updated_at();
