-- Everything that a spec could speak of: roles, and the databases that take sessions, with their owners.
SELECT json_build_object(
  'roles', (SELECT json_agg(rolname) FROM pg_roles),
  'databases', (SELECT json_object_agg(datname, pg_get_userbyid(datdba)) FROM pg_database
                WHERE datallowconn AND NOT datistemplate)
)
