SELECT format('subscription %%I, which still copies %%s (state %%s)', s.subname, r.srrelid::regclass, r.srsubstate),
       format('wait until its tables are copied, or DROP SUBSCRIPTION %%I', s.subname)
FROM pg_subscription s
JOIN pg_subscription_rel r ON r.srsubid = s.oid
WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND r.srsubstate NOT IN ('i', 'r') ORDER BY 1
