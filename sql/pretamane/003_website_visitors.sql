CREATE TABLE app.website_visitors (
    page text PRIMARY KEY,
    visits bigint NOT NULL DEFAULT 0 CHECK (visits >= 0),
    first_visit_at timestamptz NOT NULL DEFAULT now(),
    last_visit_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON app.website_visitors FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();

-- The application counts through this alone: it holds no right to write the table, so it cannot set a counter back.
CREATE FUNCTION app.count_visit(visited_page text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    counted bigint;
BEGIN
    INSERT INTO app.website_visitors AS w (page, visits) VALUES (visited_page, 1)
    ON CONFLICT (page) DO UPDATE SET visits = w.visits + 1, last_visit_at = now()
    RETURNING w.visits INTO counted;
    RETURN counted;
END
$$;
COMMENT ON FUNCTION app.count_visit IS 'Counts one visit of a page and returns how many there were, this one included';

CREATE FUNCTION ops.nightly_maintenance() RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM ops.make_partitions();
    -- Autovacuum analyzes partitions, never the partitioned table itself.
    ANALYZE app.contact_submissions;
END
$$;
