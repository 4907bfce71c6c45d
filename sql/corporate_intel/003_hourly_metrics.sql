-- Average, greatest and least by hour; and compression. Both are part of TimescaleDB's community edition only. Debian's
-- package is the Apache edition: there the same figures are a materialised view that the job refreshes, and nothing is
-- compressed. ops.features tells which it is.
DO $$
DECLARE
    figures CONSTANT text := '
        SELECT extensions.time_bucket(INTERVAL ''1 hour'', time) AS hour, company_id, metric_type,
            avg(value) AS average, max(value) AS greatest, min(value) AS least, count(*) AS measured
        FROM app.metrics GROUP BY 1, 2, 3';
BEGIN
    IF current_setting('timescaledb.license', true) = 'timescale' THEN
        EXECUTE 'CREATE MATERIALIZED VIEW app.metrics_hourly WITH (timescaledb.continuous) AS ' || figures || ' WITH NO DATA';
        PERFORM extensions.add_continuous_aggregate_policy(
            'app.metrics_hourly', start_offset => INTERVAL '3 hours', end_offset => INTERVAL '1 hour',
            schedule_interval => INTERVAL '15 minutes');
        ALTER TABLE app.metrics SET (
            timescaledb.compress, timescaledb.compress_segmentby = 'company_id', timescaledb.compress_orderby = 'time DESC');
        PERFORM extensions.add_compression_policy('app.metrics', INTERVAL '30 days');
    ELSE
        EXECUTE 'CREATE MATERIALIZED VIEW app.metrics_hourly AS ' || figures;
        -- Refreshing while it is read needs a unique index.
        CREATE UNIQUE INDEX metrics_hourly_key ON app.metrics_hourly (company_id, metric_type, hour);
    END IF;
END
$$;

-- What the job calls, in either edition.
CREATE FUNCTION ops.refresh_hourly_metrics() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_matviews WHERE schemaname = 'app' AND matviewname = 'metrics_hourly') THEN
        REFRESH MATERIALIZED VIEW CONCURRENTLY app.metrics_hourly;
        RETURN true;
    END IF;
    RETURN false;
END
$$;
COMMENT ON FUNCTION ops.refresh_hourly_metrics IS 'Refreshes the hourly figures; false where TimescaleDB does so by itself';

CREATE VIEW ops.features AS
SELECT 'hypertable' AS feature, EXISTS (
        SELECT FROM timescaledb_information.hypertables
        WHERE hypertable_schema = 'app' AND hypertable_name = 'metrics') AS active
UNION ALL
SELECT 'compression', EXISTS (
        SELECT FROM timescaledb_information.hypertables
        WHERE hypertable_schema = 'app' AND hypertable_name = 'metrics' AND compression_enabled)
UNION ALL
SELECT 'continuous aggregate', EXISTS (
        SELECT FROM timescaledb_information.continuous_aggregates
        WHERE view_schema = 'app' AND view_name = 'metrics_hourly')
UNION ALL
SELECT 'community edition', coalesce(current_setting('timescaledb.license', true), '') = 'timescale';
COMMENT ON VIEW ops.features IS 'Which of TimescaleDB''s features this server gives; what it does not give is done another way or left out';
