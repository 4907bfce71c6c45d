-- Roles and who is a member of whom, by whose grant. Before PostgreSQL 16 a member's own INHERIT decides, and every
-- member may SET ROLE.
SELECT json_build_object(
  'roles', (SELECT json_agg(json_build_array(rolname, rolsuper, rolbypassrls, rolcanlogin)) FROM pg_roles),
  'edges', (SELECT json_agg(json_build_array(g.rolname, m.rolname,
              coalesce((to_jsonb(a)->>'inherit_option')::bool, m.rolinherit),
              coalesce((to_jsonb(a)->>'set_option')::bool, true), pg_get_userbyid(a.grantor)))
            FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member)
)
