SELECT format('logical replication slot %%I of database %%I', slot_name, database),
       format('drop its subscription, then SELECT pg_drop_replication_slot(%%L)', slot_name)
FROM pg_replication_slots WHERE slot_type = 'logical' ORDER BY slot_name
