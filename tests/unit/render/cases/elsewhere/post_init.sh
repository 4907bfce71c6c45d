#!/bin/sh
exec /usr/lib/postgresql/17/bin/psql -X -q -v ON_ERROR_STOP=1 -d "$1" -f '/srv/my databases/$one/pg-1/post_init.sql'
