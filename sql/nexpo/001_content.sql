-- Names as Prisma writes them: mixed case, so always quoted; and always qualified, since an unqualified pg_roles is the
-- server's own view of that name.
CREATE FUNCTION content.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    new."updatedAt" := now();
    RETURN new;
END
$$;

CREATE TABLE content.pg_users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "tenantId" uuid NOT NULL,
    email text NOT NULL,
    "displayName" text NOT NULL DEFAULT '',
    metadata jsonb NOT NULL DEFAULT '{}',
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "updatedAt" timestamptz NOT NULL DEFAULT now(),
    -- What foreign keys point at carries the tenant, so that no row hangs below another tenant's.
    UNIQUE ("tenantId", id),
    -- Of one tenant: a UNIQUE over all of them would tell one which addresses the others have.
    UNIQUE ("tenantId", email)
);
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON content.pg_users FOR EACH ROW EXECUTE FUNCTION content.touch_updated_at();

CREATE TABLE content.pg_posts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "tenantId" uuid NOT NULL,
    "authorId" uuid NOT NULL,
    title text NOT NULL,
    body text NOT NULL DEFAULT '',
    published boolean NOT NULL DEFAULT false,
    metadata jsonb NOT NULL DEFAULT '{}',
    search tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', body), 'B')
    ) STORED,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "updatedAt" timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY ("tenantId", "authorId") REFERENCES content.pg_users ("tenantId", id) ON DELETE CASCADE
);
CREATE INDEX "pg_posts_tenantId_authorId_idx" ON content.pg_posts ("tenantId", "authorId");
CREATE INDEX "pg_posts_tenantId_createdAt_idx" ON content.pg_posts ("tenantId", "createdAt" DESC);
CREATE INDEX pg_posts_search_idx ON content.pg_posts USING gin (search);
CREATE INDEX pg_posts_metadata_idx ON content.pg_posts USING gin (metadata jsonb_path_ops);
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON content.pg_posts FOR EACH ROW EXECUTE FUNCTION content.touch_updated_at();

CREATE TYPE content."RoleName" AS ENUM ('reader', 'author', 'editor', 'admin');
CREATE TABLE content.pg_roles (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "tenantId" uuid NOT NULL,
    "userId" uuid NOT NULL,
    name content."RoleName" NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    UNIQUE ("tenantId", "userId", name),
    FOREIGN KEY ("tenantId", "userId") REFERENCES content.pg_users ("tenantId", id) ON DELETE CASCADE
);
