"""Verifiers are held against libpq's own, which needs no server to make one."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import pq

from components.access import passwords

KEY = b"a key of the stack, 32 bytes long"
THORNS = [
    "#Thaw$in2k77!",
    "a'b\"c\\d e%f:g@h/i?j&k=l#m$n!`o`",
    " leading and trailing ",
    "é as one: \u00e9",
    "e\u0301 as two code points",
    "漢字のパスワード",
    "emoji 🐘 are newer than SASLprep",
    "ﬁve and Ⅸ and ① change under NFKC",
    "soft\u00adhyphen is mapped to nothing",
    "no\u00a0break\u2003spaces",
    "\u05d0\u05d1\u05d2 mixed with latin",
    "\u05d0\u05d1\u05d2\u05d3\u05d4\u05d5\u05d6\u05d7\u05d8\u05d9\u05db\u05dc",
    "\u200b\u200b",
    "\u00ad",
]


@pytest.fixture(scope="module")
def libpq() -> Iterator[pq.abc.PGconn]:
    # A connection that never connects: libpq asks for one, though it makes the verifier by itself.
    connection = psycopg.pq.PGconn.connect_start(b"host=/nowhere")
    yield connection
    connection.finish()


def of_libpq(libpq: pq.abc.PGconn, password: str) -> str:
    return libpq.encrypt_password(password.encode(), b"role", b"scram-sha-256").decode()


@pytest.mark.parametrize("password", THORNS)
def test_verifier_is_what_libpq_makes(libpq: pq.abc.PGconn, password: str) -> None:
    assert passwords.matches(of_libpq(libpq, password), password)
    assert not passwords.matches(of_libpq(libpq, password), password + "x")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40))
def test_verifier_of_any_text_is_what_libpq_makes(password: str) -> None:
    connection = psycopg.pq.PGconn.connect_start(b"host=/nowhere")
    assert passwords.matches(of_libpq(connection, password), password)
    connection.finish()


def test_equal_arguments_give_an_equal_verifier() -> None:
    made = [passwords.verifier("correct horse", key=KEY, role="app") for _ in range(2)]
    assert made[0] == made[1]
    assert made[0].reveal() == made[1].reveal()
    assert hash(made[0]) == hash(made[1])


@pytest.mark.parametrize(
    "other",
    [
        passwords.verifier("correct horse!", key=KEY, role="app"),
        passwords.verifier("correct horse", key=KEY[::-1], role="app"),
        passwords.verifier("correct horse", key=KEY, role="app2"),
        passwords.verifier("correct horse", key=KEY, role="app", generation=1),
        passwords.verifier("correct horse", key=KEY, role="app", iterations=4097),
    ],
    ids=["password", "key", "role", "generation", "iterations"],
)
def test_each_argument_counts(other: passwords.Verifier) -> None:
    assert passwords.verifier("correct horse", key=KEY, role="app") != other


def test_salts_of_neighbouring_names_differ() -> None:
    assert passwords.salt(KEY, "app1", 0) != passwords.salt(KEY, "app", 10)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has 3 bytes, must have 16"):
        passwords.salt(b"abc", "app")


def test_a_verifier_hides_itself() -> None:
    made = passwords.verifier("correct horse", key=KEY, role="app")
    for shown in (repr(made), str(made), f"{made}", repr([made]), repr({"a": made})):
        assert "SCRAM" not in shown
        assert "hidden" in shown
    assert made.reveal().startswith("SCRAM-SHA-256$4096:")


def test_text_that_is_no_verifier_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="not a SCRAM") as caught:
        passwords.Verifier("correct horse")
    assert "correct" not in str(caught.value)


def test_fingerprint_tells_passwords_apart_and_is_no_verifier() -> None:
    one, other = (passwords.fingerprint(word, key=KEY, role="app") for word in ("correct horse", "correct horsf"))
    assert one != other
    assert one == passwords.fingerprint("correct horse", key=KEY, role="app")
    assert re.fullmatch(r"[0-9a-f]{64}", one)
    salt = base64.b64encode(passwords.salt(KEY, "app")).decode()
    assert salt not in one


def test_matches_nothing_but_scram() -> None:
    assert not passwords.matches("md5" + "0" * 32, "correct horse")
    assert not passwords.matches("", "")


def test_generated_passwords_are_long_different_and_need_no_quoting() -> None:
    made = {passwords.generate() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", word) for word in made)
    assert all(passwords.problems(word) == [] for word in made)
    assert len(passwords.generate(64)) == 64


@pytest.mark.parametrize("password", [word for word in THORNS if len(word) >= passwords.SHORTEST])
def test_thorny_passwords_are_taken(password: str) -> None:
    assert passwords.problems(password) == []


@pytest.mark.parametrize(
    ("password", "found"),
    [
        ("short", ["has 5 characters"]),
        ("x" * 513, ["more than 512 bytes"]),
        ("漢" * 171, ["more than 512 bytes"]),
        ("nul \0 in the middle", ["NUL"]),
        ("line\nbreak in it", ["control character"]),
        ("tab\tand\0nul", ["has 11 characters", "NUL", "control character"]),
        ("half a pair \ud83d", ["surrogate"]),
        ("md5" + "0" * 32, ["stored verifier"]),
        (passwords.verifier("correct horse", key=KEY, role="app").reveal(), ["stored verifier"]),
    ],
)
def test_every_problem_is_named_and_the_password_is_not(password: str, found: list[str]) -> None:
    told = passwords.problems(password)
    assert len(told) == len(found)
    assert all(part in text for part, text in zip(found, told, strict=True))
    assert not any(password in text for text in told)
