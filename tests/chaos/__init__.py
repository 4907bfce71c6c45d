"""Kills things on purpose under a writer, and measures: how long writes stop, and whether an acknowledged row is lost.

    .venv/bin/python -m tests.chaos --count 10 --directory .local

reads `<directory>/cluster.json`, which the platform writes:

    {"scope": "main", "namespace": "/service/",
     "members": {"pg-1": {"host", "port", "rest_port", "directory", "data_dir", "status_file"}, ...},
     "etcd": {"endpoints": ["https://localhost:15440", ...], "nodes": {"etcd-1": {"client_port", "status_file"}, ...}},
     "gateway": {"host": "localhost", "writer", "reader", "pooled", "pooled_reader": ports, "status_file"},
     "ca": path of ca.crt, "admin": {"user": "postgres", "certificate": path, "key": path},
     "etcd_client": {"certificate": path, "key": path} (default: those of "admin"),
     "rest_client": the same, for the REST API (default: those of "admin")}

and which holds no password: the writer logs in as a role of its own whose password is made for each run, in a
database of its own, `chaos`, dropped at the end. Paths may be relative to the directory. Nothing but loopback is
touched. Exit code 1 if a row is lost or a median through the pooled port is over its limit.
"""
