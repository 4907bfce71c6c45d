"""What holds for all tests."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

# How long one example takes says what else the machine does, not what the code does; pytest's own limit stays.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")

# Tests run the engine in this process, so gRPC's threads are in it; and they start servers as another account, for
# which Python forks. With gRPC's own care for forks half of those children died (SIGSEGV), without it none did.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

# Channels to one address share a connection, and its failures. Of hundreds of engines that ran in this process one had
# the port of an earlier one, and its program heard at once that it could not connect.
_GRPC_CHANNEL_OPTIONS.append(("grpc.use_local_subchannel_pool", 1))


# Ended by a time limit of whoever runs them, tests stop the servers that they started, as they do after Ctrl-C.
signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def event_loops_are_closed() -> Iterator[None]:
    """Pulumi's SDK makes event loops in this process, for mocks and inline programs, and closes none of them.

    Whichever test runs when one is collected would fail for it, since warnings are errors here. So they are kept until
    the end and closed then.
    """
    made: list[asyncio.AbstractEventLoop] = []
    policy, ours = asyncio.DefaultEventLoopPolicy, asyncio.DefaultEventLoopPolicy.new_event_loop

    def kept(self: asyncio.DefaultEventLoopPolicy) -> asyncio.AbstractEventLoop:
        made.append(ours(self))
        return made[-1]

    policy.new_event_loop = kept  # type: ignore[method-assign]
    yield
    policy.new_event_loop = ours  # type: ignore[method-assign]
    for loop in made:
        if not loop.is_running():
            loop.close()


@pytest.fixture(autouse=True)
def picklers_stay_flat() -> Iterator[None]:
    """Pulumi's SDK wraps one method of the pickler anew for each dynamic resource, and never takes a wrapper off.

    A program that ends does not notice; of a whole run of tests the 980th resource met Python's limit of recursion.
    """
    yield
    pickle._Pickler._batch_setitems = _BATCH  # type: ignore[attr-defined]


_BATCH = pickle._Pickler._batch_setitems  # type: ignore[attr-defined]
