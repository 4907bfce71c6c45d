"""Keeps the servers of one platform alive, and gives a dead member's lease back the moment it is provably dead.

Standard library only: the folder is copied beside the servers (or into an image) and run by any Python >= 3.11 as

    python3 -m supervisor member|node|gateway --config FILE

Signals: SIGTERM or SIGINT stop everything that runs below, cleanly and within a limit; SIGHUP reloads (Patroni,
PgBouncer, HAProxy and the addresses of the members; see each role). Exit codes: 0 after SIGTERM, 2 when the
configuration is wrong (every problem on standard error), 3 when another supervisor holds the same status file.

FILE is JSON; an unknown or missing key is a problem, optional keys show their default. All paths are absolute.
Common to the three roles:

    name          what it is called in log lines and in the status
    directory     working directory of what is started
    log_file      the supervisor's own lines and what its programs write; rotated to <log_file>.1 at `log_bytes`
    log_bytes     10485760; two files at most
    status_file   written atomically at each change (below)
    environment   {} added to PATH, LANG=C.UTF-8 and HOME; nothing else is inherited
    watched_folders   [] mounted folders whose change (a renewed certificate, another ConfigMap) is a SIGHUP to oneself

As the first process of a container: `log_file` "-" is the standard output, and `${NAME}` in any text is that variable
of the environment, so that one file serves all pods of a kind.

member (Patroni and its PostgreSQL):

    scope, namespace ("/service/")     as in patroni.yml; the leader key is <namespace><scope>/leader
    command       what starts Patroni, e.g. ["<venv>/bin/python", "-m", "supervisor.patroni_main", "<patroni.yml>"]
                  with environment {"PYTHONPATH": "<the folder that holds supervisor/>"}; plain
                  ["<venv>/bin/patroni", ...] works too, about 42 ms slower per etcd call
    data_dir      PGDATA; a process of ours whose working directory it is and whose program is `postgres` belongs to it
    etcd          {"endpoints": ["https://localhost:15440", ...], "ca": path, "cert": path, "key": path}
    kubernetes    instead of etcd, where Patroni keeps the lease in ConfigMaps: {"host", "port", "namespace"} of the
                  API, and "token" and "ca", paths of the pod's ServiceAccount (where Kubernetes mounts them)
    restart_delay_seconds   1.0; doubled at each further death within a minute, up to 30
    stop_limit_seconds      60; a planned stop that takes longer is finished by SIGKILL, then the lease is given back
    rest, rest_port         {"ca", "cert", "key"} and port (8008) of Patroni's REST API on localhost; for the next two
    frozen_seconds          0 (never); a Patroni that answered once and then neither answers nor runs for so long is
                            ended with its PostgreSQL; so is one that runs but has not answered for three times as long
    health_port             0 (none); http://...:<port>/liveness is 503 when Patroni says that its loop hangs, else 200:
                            while we end and restart Patroni, a container must not be killed for it
    sockets, binaries       folders of PostgreSQL's unix socket and programs, for hand_over.py, a pod's preStop hook
    owns_volume             false; true where nobody outside this container can use data_dir while we hold the status
                            file's lock: lock files of an earlier container are then removed

node (etcd):

    command, restart_delay_seconds (1.0), stop_limit_seconds (20)
    joining       null; else {"template", "written", "data_dir", "peer_url", "etcd"}: before each start `template` is
                  written to `written` as joining.py decides

gateway (PgBouncer, HAProxy and the follower of the leader key):

    scope, namespace, etcd              as above; without etcd the members are asked, every half second, for `/primary`
    members       {"pg-1": {"host": "localhost", "port": 15460, "rest_port": 15470}, ...}; the names are Patroni's,
                  and those of the servers in both HAProxy backends; SIGHUP reads this file again, so that a member
                  may come or go
    rest          {"ca": path, "cert": path, "key": path} for the members' REST API
    pgbouncer     [{"name": "pgbouncer-rw", "command": [...], "databases_file": path,
                    "target": "leader" or "host:port", "databases": {"*": ""}, "finish": false}, ...]
                  databases_file is written here, before the program starts: "<database> = host=.. port=.. <extra>"
                  for each entry of `databases` below a [databases] header; pgbouncer.ini has `%include <the file>`
                  and a small server_login_retry (0.1 to 0.2: how often a lost server is tried again);
                  with `finish` a stop lets running transactions end
    haproxy       {"command": ["haproxy", "-W", "-f", ...], "socket": path of its admin socket (`stats socket ...
                  level admin`), "writer_backend": "writer", "reader_backend": "reader"}; -W, without -D, so that
                  SIGHUP can reload it. Direct sessions come back in the time of the pooled ones only with `timeout
                  connect 200ms`, `retries 30` and `option redispatch 1`: HAProxy tries a refusing server again
                  after min(timeout connect, 1 s), so with 2 s and 3 retries a new session waits 3 s and is refused
    restart_delay_seconds (0.5), stop_limit_seconds (20)
    resolve_seconds (0)                 how often the members' names are resolved for HAProxy; 0: never, it knows them
    pause_limit_seconds (10)            longest PAUSE of the writers' PgBouncer during a planned switchover; 0: never

status_file (all roles; a reader must check that `pid` still has `start_time`):

    {"role", "name", "pid", "start_time": clock ticks since boot (field 22 of /proc/<pid>/stat), "state": "starting" |
     "running" | "recovering" | "backing-off" | "stopping" | "stopped", "since": seconds since 1970 of that state,
     "children": {<program>: {"pid", "start_time", "restarts", "last_exit": null | {"at", "code", "signal", "reason"}}},
     "restarts": sum over the children}
    member: its program is "patroni", and {"lease": null | {"returned_at", "was_leader", "seconds"}} is added.
    gateway: {"leader": null | member, "leader_since", "applied_at"} are added, and the nodes of etcd that answer as
    "etcd_endpoints", or the members that do as "answering".
"""
