#!/bin/sh
exec /usr/lib/postgresql/15/bin/psql -X -q -v ON_ERROR_STOP=1 -d "$1" -f /srv/pg/pg-1/post_init.sql
