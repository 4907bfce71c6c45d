"""How fast Patroni notices and how long it tries, as a preset (`timing`) and as single values on top of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Strict, model_validator

from components.settings.fields import Section, setting
from components.settings.timing import MIN_LOOP_WAIT, MIN_RETRY_TIMEOUT, MIN_TTL, Timing

Seconds = Annotated[int, Strict()]
TimingPreset = Literal["fast", "normal", "wide"]

# ttl 20 is the least that Patroni takes. `fast` looks every second, which a supervisor on the same machine affords;
# `normal` bears a slow etcd for 10 s; `wide` is for members in distant zones.
PRESETS: dict[str, dict[str, int]] = {
    "fast": {"ttl": 20, "loop_wait": 1, "retry_timeout": 9, "primary_start_timeout": 0, "primary_stop_timeout": 10},
    "normal": {
        "ttl": 30,
        "loop_wait": 10,
        "retry_timeout": 10,
        "primary_start_timeout": 60,
        "primary_stop_timeout": 60,
    },
    "wide": {
        "ttl": 60,
        "loop_wait": 10,
        "retry_timeout": 20,
        "primary_start_timeout": 300,
        "primary_stop_timeout": 300,
    },
}


class PatroniSettings(Section):
    """Dynamic configuration of Patroni; every change is a reload, applied to all members through etcd."""

    timing: TimingPreset = setting(
        "fast",
        cost="reload",
        description="Preset for the five times below; each of them may be set on its own as well. "
        "fast: 20/1/9, 0, 10. normal: 30/10/10, 60, 60. wide: 60/10/20, 300, 300 "
        "(ttl/loop_wait/retry_timeout, primary_start_timeout, primary_stop_timeout). "
        "Default: fast on the embedded platform, normal on the others.",
    )
    ttl: Seconds = setting(
        20, ge=MIN_TTL, le=3600, unit="seconds", cost="reload",
        description="How long the leader's lease in etcd lives without renewal. A machine lost without notice costs "
        "up to ttl + 6 s of writes. At least loop_wait + 2 * retry_timeout.",
    )  # fmt: skip
    loop_wait: Seconds = setting(
        1, ge=MIN_LOOP_WAIT, le=3600, unit="seconds", cost="reload",
        description="Pause between two looks of a member at itself and at etcd.",
    )  # fmt: skip
    retry_timeout: Seconds = setting(
        9, ge=MIN_RETRY_TIMEOUT, le=3600, unit="seconds", cost="reload",
        description="How long etcd or PostgreSQL may fail to answer before a primary steps down.",
    )  # fmt: skip
    primary_start_timeout: Seconds = setting(
        0, ge=0, le=3600, unit="seconds", cost="reload",
        description="How long a crashed primary may try to recover before a replica takes over. 0: a replica takes "
        "over at once when there is one that may.",
    )  # fmt: skip
    primary_stop_timeout: Seconds = setting(
        10, ge=0, le=3600, unit="seconds", cost="reload",
        description="How long a primary may take to stop before it is killed; in effect with synchronous replication "
        "only. 0: as long as it takes.",
    )  # fmt: skip
    maximum_lag_on_failover: Annotated[int, Strict()] = setting(
        1048576, ge=0, le=2**40, unit="bytes", cost="reload",
        description="A replica that lags more than this is not promoted. It bounds the loss of asynchronous "
        "replication; with zero-loss only synchronous replicas are promoted anyway.",
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, given: Any) -> Any:
        """Values that were not given come from the preset."""
        if not isinstance(given, dict):
            return given
        return PRESETS.get(str(given.get("timing", "fast")), PRESETS["fast"]) | given

    @property
    def times(self) -> Timing:
        """The three values that Patroni's rule binds together."""
        return Timing(self.ttl, self.loop_wait, self.retry_timeout)
