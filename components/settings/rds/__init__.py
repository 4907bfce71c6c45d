"""`rds:` of a stack: a PostgreSQL on Amazon RDS, in Amazon's words. What is wrong with one: `rds.rules`."""

from components.settings.rds.model import RdsSettings

__all__ = ["RdsSettings"]
