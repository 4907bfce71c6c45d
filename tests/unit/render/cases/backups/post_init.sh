#!/bin/sh
/usr/lib/postgresql/15/bin/psql -X -q -v ON_ERROR_STOP=1 -d "$1" -f /srv/pg/pg-1/post_init.sql || exit
timeout 30 /usr/bin/pgbackrest --config=/srv/pg/pg-1/pgbackrest.conf --config-include-path=/srv/pg/backup/conf.d --stanza=shop stanza-create || true
