-- Who is asking: set by the application in each transaction (SET LOCAL or set_config(name, value, true)), so that it holds
-- behind a pooler. A session that once had a value shows '' afterwards, hence nullif: no context is NULL, and NULL sees nothing.
CREATE FUNCTION app.current_organization_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT nullif(current_setting('app.current_organization_id', true), '')::uuid $$;

CREATE FUNCTION app.current_user_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT nullif(current_setting('app.current_user_id', true), '')::uuid $$;

CREATE FUNCTION app.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    new.updated_at := now();
    RETURN new;
END
$$;
