-- Partitions lie in a schema of their own that nobody is let into: a partition read directly would not ask the row
-- policies of app.activity_logs.
CREATE TABLE app.activity_logs (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    user_id uuid,
    action text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at),
    FOREIGN KEY (organization_id) REFERENCES app.organizations ON DELETE CASCADE,
    -- Both columns, so that a log never names another organization's user. The log goes with its user: such is the law.
    FOREIGN KEY (organization_id, user_id) REFERENCES app.users (organization_id, id) ON DELETE CASCADE
) PARTITION BY RANGE (created_at);
CREATE INDEX activity_logs_organization_id_created_at_idx ON app.activity_logs (organization_id, created_at);
CREATE INDEX activity_logs_organization_id_user_id_idx ON app.activity_logs (organization_id, user_id);

-- A row of a month that nobody prepared is taken, and moved when its partition is made.
CREATE TABLE partitions.activity_logs_default PARTITION OF app.activity_logs DEFAULT;

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
    PERFORM pg_advisory_xact_lock(hashtextextended('app.activity_logs', 0));
    FOR first_of_month IN
        SELECT generate_series(date_trunc('month', now()), date_trunc('month', now()) + make_interval(months => months_ahead), '1 month')
    LOOP
        partition_name := 'activity_logs_' || to_char(first_of_month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('partitions.' || partition_name) IS NOT NULL;
        EXECUTE format('CREATE TABLE partitions.%I (LIKE app.activity_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition_name);
        EXECUTE format(
            'WITH moved AS (DELETE FROM partitions.activity_logs_default WHERE created_at >= %L AND created_at < %L RETURNING *)
             INSERT INTO partitions.%I SELECT * FROM moved',
            first_of_month, first_of_month + interval '1 month', partition_name);
        EXECUTE format(
            'ALTER TABLE app.activity_logs ATTACH PARTITION partitions.%I FOR VALUES FROM (%L) TO (%L)',
            partition_name, first_of_month, first_of_month + interval '1 month');
        RETURN NEXT partition_name;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ops.make_partitions IS 'Makes the partitions of this month and of those ahead that are missing; returns what it made';

SELECT ops.make_partitions();
