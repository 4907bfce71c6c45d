"""PostgreSQL on Amazon RDS. Every property is decided in the `arguments*` modules; the others only declare."""
