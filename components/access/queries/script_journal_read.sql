SELECT name, sha256 FROM postgres_platform.script_journal ORDER BY name
