"""No two parts of the embedded platform at one port."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from components.settings.embedded import EmbeddedSettings
from components.settings.ports import client_ports, etcd_ports, member_ports, port_problems, reserved_ports


def embedded(base: int = 15430, **ports: int) -> EmbeddedSettings:
    return EmbeddedSettings.model_validate({"base_port": base, "ports": ports})


def test_ports_are_counted_from_the_base() -> None:
    assert client_ports(embedded()) == {"writer": 15430, "reader": 15431, "pooled": 15432, "pooled_reader": 15433}
    assert etcd_ports(embedded(), 1) == (15441, 15451)
    assert member_ports(embedded(), 5) == (15465, 15475)


@given(st.integers(1024, 65485))
def test_what_is_counted_never_collides(base: int) -> None:
    taken = [*client_ports(embedded(base)).values(), *reserved_ports(embedded(base))]
    assert len(set(taken)) == len(taken) == 4 + 2 * 3 + 2 * 5
    assert max(taken) <= 65535
    assert list(port_problems(embedded(base))) == []


def test_an_override_that_collides_is_named_with_what_has_the_port() -> None:
    assert dict(port_problems(embedded(reader=15461))) == {
        "embedded.ports.reader": "port 15461 for reader is already taken by PostgreSQL of pg-1; choose another one"
    }
    assert dict(port_problems(embedded(pooled=15430))) == {
        "embedded.ports.pooled": "port 15430 for pooled is already taken by the client port writer; choose another one"
    }
    assert list(port_problems(embedded(writer=5432))) == []
