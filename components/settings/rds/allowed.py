"""What a stack of platform rds may accept by name in `allow`, and what it then gives up."""

from __future__ import annotations

from collections.abc import Mapping

PUBLIC = "public-database"
AT_ONCE = "changes-at-once"
NO_FINAL_SNAPSHOT = "without-final-snapshot"
NO_PROTECTION = "without-protection"
NO_STANDBY = "without-standby"
REPLACE = "replace-database"
UNCHECKED = "unchecked-upgrade"
BY_NOW = "newer-than-the-data"

ALLOWABLE: Mapping[str, str] = {
    PUBLIC: "`rds.network.publicly_accessible: true`: an address on the internet",
    AT_ONCE: "`rds.windows.apply_immediately: true` in production: outages outside the maintenance window",
    NO_FINAL_SNAPSHOT: "`rds.final_snapshot: false` in production: destroying leaves nothing",
    NO_PROTECTION: "`rds.protection: false` in production: a deletion or replacement goes through",
    NO_STANDBY: "`rds.multi_az: false` in production: a lost zone ends it",
    REPLACE: "a change of what AWS writes once: a new, empty database takes the old one's place",
    UNCHECKED: "a major upgrade although something in a database would stop it, or although nobody could look",
    BY_NOW: "a version or instance class that AWS has and this project's data does not know yet",
}
