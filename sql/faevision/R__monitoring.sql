-- Read by members of pg_monitor: to others PostgreSQL shows only their own statements here.
CREATE OR REPLACE VIEW ops.slow_queries AS
SELECT
    s.queryid,
    r.rolname AS role,
    s.calls,
    round(s.total_exec_time::numeric, 1) AS total_exec_time_ms,
    round(s.mean_exec_time::numeric, 2) AS mean_exec_time_ms,
    round(s.max_exec_time::numeric, 1) AS max_exec_time_ms,
    s.rows,
    round(100.0 * s.shared_blks_hit / nullif(s.shared_blks_hit + s.shared_blks_read, 0), 2) AS cache_hit_percent,
    s.query
FROM extensions.pg_stat_statements AS s LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.userid
WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
ORDER BY s.total_exec_time DESC;

CREATE OR REPLACE VIEW ops.index_usage AS
SELECT
    i.schemaname AS schema,
    i.relname AS table,
    i.indexrelname AS index,
    i.idx_scan AS scans,
    i.idx_tup_read AS rows_read,
    pg_relation_size(i.indexrelid) AS bytes,
    round(100.0 * io.idx_blks_hit / nullif(io.idx_blks_hit + io.idx_blks_read, 0), 2) AS hit_percent
FROM pg_catalog.pg_stat_user_indexes AS i JOIN pg_catalog.pg_statio_user_indexes AS io USING (indexrelid)
ORDER BY i.idx_scan, pg_relation_size(i.indexrelid) DESC;

CREATE OR REPLACE VIEW ops.table_bloat AS
SELECT
    schemaname AS schema,
    relname AS table,
    n_live_tup AS live_rows,
    n_dead_tup AS dead_rows,
    round(100.0 * n_dead_tup / nullif(n_live_tup + n_dead_tup, 0), 1) AS dead_percent,
    pg_table_size(relid) AS bytes,
    greatest(last_vacuum, last_autovacuum) AS vacuumed_at,
    greatest(last_analyze, last_autoanalyze) AS analyzed_at
FROM pg_catalog.pg_stat_user_tables
ORDER BY n_dead_tup DESC;

-- The targets that can be asked of the server itself; latencies are the load generator's and the alerts' to measure.
CREATE OR REPLACE VIEW ops.targets AS
SELECT metric, value, target, coalesce(value < target OR (metric = 'index hit %' AND value > target), true) AS met
FROM (
    SELECT
        'connection use %' AS metric,
        round(100.0 * count(*) / current_setting('max_connections')::numeric, 1) AS value,
        80.0 AS target
    FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'
    UNION ALL
    SELECT 'index hit %', round(100.0 * sum(idx_blks_hit) / nullif(sum(idx_blks_hit + idx_blks_read), 0), 2), 95.0
    FROM pg_catalog.pg_statio_user_indexes
    UNION ALL
    SELECT 'replication lag s', round(coalesce(max(extract(epoch FROM replay_lag)), 0), 3), 1.0
    FROM pg_catalog.pg_stat_replication
) AS measured;
