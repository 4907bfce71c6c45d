"""The table of joining.py, row by row."""

from __future__ import annotations

import pytest

from components.supervisor.joining import Known, Start, decide, known

PEER = "https://etcd-1.etcd:2380"
OTHER = Known("2", "etcd-0", True, ("https://etcd-0.etcd:2380",))
RUN = Known("7", "etcd-1", True, (PEER,))
NEVER_RUN = Known("7", "etcd-1", False, (PEER,))
ADDED = Known("7", "", False, (PEER,))


@pytest.mark.parametrize(
    "has_data, agreed, views, start",
    [
        pytest.param(True, None, [], Start.AS_IT_IS, id="data, nobody asked"),
        pytest.param(True, [OTHER], [], Start.AS_IT_IS, id="data, though removed: etcd itself refuses"),
        pytest.param(False, [OTHER, RUN], [], Start.REPLACE, id="lost its volume"),
        pytest.param(False, [OTHER], [], Start.ADD, id="removed, then we died"),
        pytest.param(False, [OTHER, ADDED], [], Start.JOIN, id="added, then we died"),
        pytest.param(False, [OTHER, NEVER_RUN], [], Start.NEW, id="the last of a new cluster"),
        pytest.param(False, None, [[OTHER, RUN]], Start.WAIT, id="no quorum, one remembers us"),
        pytest.param(False, None, [[OTHER, NEVER_RUN], [OTHER, RUN]], Start.WAIT, id="no quorum, the second remembers"),
        pytest.param(False, None, [[OTHER, NEVER_RUN]], Start.NEW, id="no quorum yet, of a new cluster"),
        pytest.param(False, None, [], Start.NEW, id="the first of a new cluster"),
    ],
)
def test_each_row(has_data: bool, agreed: list[Known] | None, views: list[list[Known]], start: Start) -> None:
    assert decide(has_data, PEER, agreed, views)[0] is start


def test_the_lost_self_is_the_one_that_is_removed() -> None:
    assert decide(False, PEER, [OTHER, RUN], []) == (Start.REPLACE, RUN)


def test_an_answer_of_etcd_is_understood() -> None:
    # As etcd 3.5 writes it: absent fields are empty.
    answer = {
        "members": [
            {"ID": "123", "name": "etcd-0", "peerURLs": [PEER], "clientURLs": ["https://etcd-0.etcd:2379"]},
            {"ID": "124", "peerURLs": ["https://etcd-2.etcd:2380"]},
        ]
    }
    assert known(answer) == [
        Known("123", "etcd-0", True, (PEER,)),
        Known("124", "", False, ("https://etcd-2.etcd:2380",)),
    ]
    assert known({}) == []
