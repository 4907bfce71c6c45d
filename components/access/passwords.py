"""How a password becomes what the server stores, and which passwords are taken.

A clear password never leaves the program: the server is sent a SCRAM-SHA-256 verifier made here, so neither its log nor
a statement's text can hold the password. The salt is derived, not random: an unchanged password gives the very verifier
that is stored already, hence no statement, and PgBouncer, which passes a client's proof on to the server only while
both hold the same verifier, is not cut off by a needless new salt.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import re
import secrets
import string
import stringprep
import unicodedata
from collections.abc import Callable

ITERATIONS = 4096  # PostgreSQL's own number (scram_iterations)
SALT_BYTES = 16
SHORTEST = 12  # characters
LONGEST = 512  # bytes of UTF-8; what is longer is a file pasted by mistake
GENERATED_CHARACTERS = 32  # of 62 kinds: 190 bits
LETTERS = string.ascii_letters + string.digits  # nothing that a URL, a shell or a file format would change

_STORED = re.compile(r"SCRAM-SHA-256\$(\d{1,9}):([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]+={0,2}):([A-Za-z0-9+/]+={0,2})")
_HASH_OF_OLD = re.compile(r"md5[0-9a-f]{32}")
_PROHIBITED: tuple[Callable[[str], bool], ...] = (
    stringprep.in_table_a1,
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


class Verifier:
    """What the server stores of a password. Can be attacked offline, so it hides itself wherever it is printed."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not _STORED.fullmatch(text):
            raise ValueError("not a SCRAM-SHA-256 verifier")
        self._text = text

    def reveal(self) -> str:
        """The text for `ALTER ROLE ... PASSWORD`: to be sent to the server and nowhere else."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verifier) and hmac.compare_digest(self._text, other._text)

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Verifier(hidden)"


def verifier(password: str, *, key: bytes, role: str, generation: int = 0, iterations: int = ITERATIONS) -> Verifier:
    """The verifier of `role`'s password; equal arguments give an equal verifier.

    `key` is the stack's secret key, `generation` a number that a rotation counts up. Takes 2 ms, once for
    equal arguments.
    """
    return Verifier(_scram(password, salt(key, role, generation), iterations))


def salt(key: bytes, role: str, generation: int = 0) -> bytes:
    """16 bytes that nobody can foretell without the stack's key, and that differ between roles and generations."""
    if len(key) < SALT_BYTES:
        raise ValueError(f"the stack's key has {len(key)} bytes, must have {SALT_BYTES} or more")
    return _keyed(key, "scram-salt", role, str(generation))[:SALT_BYTES]


def fingerprint(password: str, *, key: bytes, role: str) -> str:
    """Tells one password from another in a stack's state, and is worth nothing without the stack's key."""
    return _keyed(key, "fingerprint", role, password).hex()


def matches(stored: str, password: str) -> bool:
    """Whether `password` is the one that `stored` (pg_authid.rolpassword) was made of; False for anything but SCRAM."""
    parts = _STORED.fullmatch(stored)
    if parts is None:
        return False
    made = _scram(password, base64.b64decode(parts[2]), int(parts[1]))
    return hmac.compare_digest(made, stored)


def generate(characters: int = GENERATED_CHARACTERS) -> str:
    """A random password of ASCII letters and digits, which stands unquoted in a URL, a shell and every file format."""
    return "".join(secrets.choice(LETTERS) for _ in range(characters))


def problems(password: str) -> list[str]:
    """What is wrong with a password that somebody gave, each as a clause that does not repeat it; [] if it is taken."""
    checks = [
        (len(password) < SHORTEST, f"has {len(password)} characters, must have {SHORTEST} or more"),
        (_utf8_length(password) > LONGEST, f"has more than {LONGEST} bytes"),
        (_utf8_length(password) == -1, "is no valid Unicode (it holds half of a surrogate pair)"),
        ("\0" in password, "holds a NUL character, which PostgreSQL cannot take"),
        (
            _holds_control(password),
            "holds a control character (a line break or a tab?), which password files cannot hold",
        ),
        (_is_stored_form(password), "is a stored verifier or hash, give the password itself"),
    ]
    return [text for wrong, text in checks if wrong]


def normalized(password: str) -> bytes:
    """The bytes that SCRAM works on: SASLprep as PostgreSQL and libpq do it, the plain UTF-8 where SASLprep refuses.

    Two spellings of one character (é as one code point or two) are therefore one password, for clients that do
    SASLprep.
    """
    if password.isascii():
        return password.encode()
    mapped = "".join(_mapped(character) for character in password)
    if not mapped or any(check(character) for character in mapped for check in _PROHIBITED) or not _one_way(mapped):
        return password.encode()
    return unicodedata.normalize("NFKC", mapped).encode()


def _mapped(character: str) -> str:
    if stringprep.in_table_c12(character):
        return " "
    return "" if stringprep.in_table_b1(character) else character


def _one_way(text: str) -> bool:
    """RFC 3454 §6: right-to-left text starts and ends right-to-left and holds nothing left-to-right."""
    if not any(map(stringprep.in_table_d1, text)):
        return True
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return ends and not any(map(stringprep.in_table_d2, text))


@functools.lru_cache(maxsize=4096)
def _scram(password: str, salted_with: bytes, iterations: int) -> str:
    salted = hashlib.pbkdf2_hmac("sha256", normalized(password), salted_with, iterations)
    stored_key = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
    server_key = _hmac(salted, b"Server Key")
    return f"SCRAM-SHA-256${iterations}:{_base64(salted_with)}${_base64(stored_key)}:{_base64(server_key)}"


def _keyed(key: bytes, *words: str) -> bytes:
    """Each word goes in with its length, so that no two lists of words give one message."""
    encoded = [word.encode() for word in words]
    return _hmac(key, b"".join(len(word).to_bytes(4, "big") + word for word in encoded))


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _utf8_length(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return -1


def _holds_control(text: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in text.replace("\0", ""))


def _is_stored_form(text: str) -> bool:
    return bool(_STORED.fullmatch(text) or _HASH_OF_OLD.fullmatch(text))
