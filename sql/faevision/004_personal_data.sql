-- The keys are made by the server itself and never stand in a script, a statement or a log. Only the owner's functions
-- read this table. They lie in the same database as what they encrypt: this keeps personal data from every role and from
-- partial dumps, not from a thief of the whole server, for whom disks and backups are encrypted.
CREATE TABLE private.personal_data_keys (
    id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    secret text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO private.personal_data_keys (secret) VALUES (encode(extensions.gen_random_bytes(32), 'base64'));

-- Stored: four bytes that name the key, then the OpenPGP message.
CREATE FUNCTION private.encrypt(plain text) RETURNS bytea
    LANGUAGE sql VOLATILE STRICT
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT int4send(k.id) || extensions.pgp_sym_encrypt(plain, k.secret, 'cipher-algo=aes256')
    FROM private.personal_data_keys AS k ORDER BY k.id DESC LIMIT 1
$$;

CREATE FUNCTION private.decrypt(stored bytea) RETURNS text
    LANGUAGE sql STABLE STRICT
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT extensions.pgp_sym_decrypt(substring(stored FROM 5), k.secret)
    FROM private.personal_data_keys AS k WHERE int4send(k.id) = substring(stored FROM 1 FOR 4)
$$;

-- Both run as the owner, who sees every organization: so they ask for the caller's organization themselves.
CREATE FUNCTION app.personal_data(of_user uuid) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT private.decrypt(u.encrypted_personal_data)::jsonb FROM app.users AS u
    WHERE u.id = of_user AND u.organization_id = nullif(current_setting('app.current_organization_id', true), '')::uuid
$$;
COMMENT ON FUNCTION app.personal_data IS 'Personal data of a user of the current organization; NULL for anybody else';

CREATE FUNCTION app.set_personal_data(of_user uuid, data jsonb) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH changed AS (
        UPDATE app.users AS u SET encrypted_personal_data = private.encrypt(data::text)
        WHERE u.id = of_user AND u.organization_id = nullif(current_setting('app.current_organization_id', true), '')::uuid
        RETURNING u.id
    )
    SELECT EXISTS (SELECT FROM changed)
$$;
COMMENT ON FUNCTION app.set_personal_data IS 'Encrypts and stores; false if the user is not one of the current organization';

-- A new key for what is written from now on, and every stored value written anew with it. One transaction.
CREATE FUNCTION private.rotate_personal_data_key() RETURNS bigint
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO private.personal_data_keys (secret) VALUES (encode(extensions.gen_random_bytes(32), 'base64'));
    WITH changed AS (
        UPDATE app.users SET encrypted_personal_data = private.encrypt(private.decrypt(encrypted_personal_data))
        WHERE encrypted_personal_data IS NOT NULL RETURNING id
    )
    SELECT count(*) FROM changed
$$;
