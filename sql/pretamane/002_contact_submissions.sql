-- Partitions lie in a schema that nobody is let into: they are reached through app.contact_submissions and nowhere else.
CREATE TABLE app.contact_submissions (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name text NOT NULL,
    email text NOT NULL,
    company text,
    message text NOT NULL,
    document_id uuid REFERENCES app.documents ON DELETE SET NULL,
    document_insights jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX contact_submissions_document_insights_idx ON app.contact_submissions USING gin (document_insights jsonb_path_ops);
CREATE INDEX contact_submissions_email_idx ON app.contact_submissions (lower(email));
CREATE INDEX contact_submissions_document_id_idx ON app.contact_submissions (document_id);
CREATE INDEX contact_submissions_created_at_idx ON app.contact_submissions (created_at);
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON app.contact_submissions FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();

-- A row of a month that nobody prepared is taken, and moved when its partition is made.
CREATE TABLE partitions.contact_submissions_default PARTITION OF app.contact_submissions DEFAULT;

CREATE FUNCTION ops.make_partitions(months_ahead integer DEFAULT 3) RETURNS SETOF text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    AS $$
DECLARE
    first_of_month timestamptz;
    partition_name text;
BEGIN
    -- Two runs at once would both find a month missing; the second waits and then finds it made.
    PERFORM pg_advisory_xact_lock(hashtextextended('app.contact_submissions', 0));
    FOR first_of_month IN
        SELECT generate_series(date_trunc('month', now()), date_trunc('month', now()) + make_interval(months => months_ahead), '1 month')
    LOOP
        partition_name := 'contact_submissions_' || to_char(first_of_month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('partitions.' || partition_name) IS NOT NULL;
        EXECUTE format('CREATE TABLE partitions.%I (LIKE app.contact_submissions INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition_name);
        EXECUTE format(
            'WITH moved AS (DELETE FROM partitions.contact_submissions_default WHERE created_at >= %L AND created_at < %L RETURNING *)
             INSERT INTO partitions.%I SELECT * FROM moved',
            first_of_month, first_of_month + interval '1 month', partition_name);
        EXECUTE format(
            'ALTER TABLE app.contact_submissions ATTACH PARTITION partitions.%I FOR VALUES FROM (%L) TO (%L)',
            partition_name, first_of_month, first_of_month + interval '1 month');
        RETURN NEXT partition_name;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ops.make_partitions IS 'Makes the partitions of this month and of those ahead that are missing; returns what it made';

SELECT ops.make_partitions();
