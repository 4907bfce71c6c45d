from __future__ import annotations

import base64
import socket
from typing import Any

from components.supervisor.etcd import Key, encode, prefix_end, to_key
from components.supervisor.patroni_main import keep_nodelay


def test_what_the_gateway_leaves_out_is_zero() -> None:
    assert to_key({"key": encode("/a")}) == Key("/a", "", 0, 0)


def test_integers_travel_as_strings() -> None:
    plain = {"key": encode("/a"), "value": encode("pg-1"), "lease": "7587862094073", "mod_revision": "12"}
    assert to_key(plain) == Key("/a", "pg-1", 7587862094073, 12)


def test_bytes_that_are_no_text_do_not_end_a_watch() -> None:
    assert to_key({"key": encode("/a"), "value": base64.b64encode(b"\xff").decode()}).value == "\ufffd"


def test_a_prefix_ends_before_the_next_scope() -> None:
    assert "/service/main/" < "/service/main/leader" < prefix_end("/service/main/") <= "/service/main0"


def test_nagle_is_switched_off_after_patroni_has_set_its_options() -> None:
    done: list[Any] = []

    class Etcd3:
        def set_socket_options(self, sock: Any, options: Any) -> None:
            done.append(("patroni", options))

    class Socket:
        def setsockopt(self, *option: int) -> None:
            done.append(option)

    keep_nodelay(Etcd3)
    Etcd3().set_socket_options(Socket(), None)
    assert done == [("patroni", None), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]


def test_a_patroni_without_that_method_is_left_alone() -> None:
    class Other:
        pass

    keep_nodelay(Other)
    assert not hasattr(Other, "set_socket_options")
