SELECT substr(jobname, length(%(database)s) + 2), schedule, command, username
FROM cron.job
WHERE starts_with(jobname, %(database)s || '/') AND active
ORDER BY jobname
