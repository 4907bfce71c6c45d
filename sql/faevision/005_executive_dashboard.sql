-- Holds every organization's figures and has, as a materialised view, no row policies: it lies where only the owner gets,
-- and is read through the view below.
CREATE MATERIALIZED VIEW reporting.executive_dashboard_metrics AS
SELECT
    o.id AS organization_id,
    o.name AS organization_name,
    (SELECT count(*) FROM app.users AS u WHERE u.organization_id = o.id) AS users,
    count(p.id) AS projects,
    count(p.id) FILTER (WHERE p.status = 'active') AS active_projects,
    count(p.id) FILTER (WHERE p.status = 'completed') AS completed_projects,
    (SELECT count(*) FROM app.activity_logs AS a
     WHERE a.organization_id = o.id AND a.created_at >= now() - interval '30 days') AS activities_of_30_days,
    now() AS refreshed_at
FROM app.organizations AS o LEFT JOIN app.projects AS p ON p.organization_id = o.id
GROUP BY o.id, o.name;
-- REFRESH ... CONCURRENTLY, which does not stop readers, asks for it.
CREATE UNIQUE INDEX executive_dashboard_metrics_organization_id_idx ON reporting.executive_dashboard_metrics (organization_id);

-- Runs as its owner on purpose (nobody else reads the materialised view) and filters by itself.
CREATE VIEW app.executive_dashboard WITH (security_barrier) AS
SELECT * FROM reporting.executive_dashboard_metrics
WHERE organization_id = (SELECT app.executive_organization_id());

CREATE FUNCTION ops.refresh_dashboard() RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$ REFRESH MATERIALIZED VIEW CONCURRENTLY reporting.executive_dashboard_metrics $$;

-- What autovacuum does not do: it never analyzes a partitioned table itself, only its partitions.
CREATE FUNCTION ops.nightly_maintenance() RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM ops.make_partitions();
    ANALYZE app.activity_logs, app.organizations, app.users, app.projects;
    PERFORM ops.refresh_dashboard();
END
$$;
