-- A hypertable: chunks of a week, made and dropped whole. All of this file is in every edition of TimescaleDB.
CREATE TABLE app.metrics (
    time timestamptz NOT NULL,
    company_id uuid NOT NULL REFERENCES app.companies ON DELETE CASCADE,
    metric_type text NOT NULL,
    value numeric NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}'
);
SELECT extensions.create_hypertable('app.metrics', extensions.by_range('time', INTERVAL '7 days'), create_default_indexes => false);
CREATE INDEX metrics_time_idx ON app.metrics (time DESC);
CREATE INDEX metrics_company_id_metric_type_time_idx ON app.metrics (company_id, metric_type, time DESC);
CREATE INDEX metrics_metadata_idx ON app.metrics USING gin (metadata jsonb_path_ops);

-- The retention policy: a job of pg_cron's, so that it is the same where TimescaleDB's own policies are not to be had.
CREATE FUNCTION ops.drop_old_metrics(keep interval DEFAULT INTERVAL '2 years') RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    dropped integer;
BEGIN
    IF keep < INTERVAL '1 month' THEN
        RAISE EXCEPTION 'metrics are kept for a month at least, % was asked for', keep;
    END IF;
    SELECT count(*) INTO dropped FROM extensions.drop_chunks('app.metrics', older_than => now() - keep);
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION ops.drop_old_metrics IS 'Drops the chunks that hold only metrics older than that; returns how many';
