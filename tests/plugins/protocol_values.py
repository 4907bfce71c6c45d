"""Property values on the wire and in Python: dicts, lists, texts, numbers, and UNKNOWN where a preview knows none.

Secrets are taken out of their wrapping on the way in and put back on the way out: `Secrets` remembers where they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import struct_pb2  # type: ignore[import-untyped]

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # the protocol's mark of a secret, not one itself
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWNS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # any kind of value
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # an array, an object ...; older engines send one of these
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Path = tuple[str | int, ...]
Props = dict[str, Any]


class _Unknown:
    """What a preview does not know yet."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __copy__(self) -> _Unknown:
        return self

    def __deepcopy__(self, _memo: object) -> _Unknown:
        return self


UNKNOWN: Final = _Unknown()


@dataclass
class Secrets:
    """The places at which secrets were. One in an entry of a list hides the same place in each: entries may move."""

    places: set[Path] = field(default_factory=set)

    @staticmethod
    def at(paths: Iterable[Path]) -> Secrets:
        return Secrets({_unnumbered(path) for path in paths})

    def __or__(self, other: Secrets) -> Secrets:
        return Secrets(self.places | other.places)

    def add(self, path: Path) -> None:
        self.places.add(_unnumbered(path))

    def holds(self, path: Path) -> bool:
        """Whether the value at this path is to be hidden."""
        return _unnumbered(path) in self.places


def _unnumbered(path: Path) -> Path:
    return tuple("*" if isinstance(step, int) else step for step in path)


def decode(struct: struct_pb2.Struct) -> tuple[Props, Secrets]:
    """What came, in plain Python, and where its secrets are."""
    secrets = Secrets()
    return {key: _decoded(value, (key,), secrets) for key, value in struct.fields.items()}, secrets


def _decoded(value: struct_pb2.Value, path: Path, secrets: Secrets) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _decoded_struct(value.struct_value, path, secrets)
    if kind == "list_value":
        return [_decoded(each, (*path, number), secrets) for number, each in enumerate(value.list_value.values)]
    if kind == "string_value":
        return UNKNOWN if value.string_value in UNKNOWNS else value.string_value
    if kind == "number_value":
        return int(value.number_value) if value.number_value.is_integer() else value.number_value
    return value.bool_value if kind == "bool_value" else None


def _decoded_struct(struct: struct_pb2.Struct, path: Path, secrets: Secrets) -> Any:
    mark = struct.fields[SIGNATURE].string_value if SIGNATURE in struct.fields else None
    if mark is None:
        return {key: _decoded(value, (*path, key), secrets) for key, value in struct.fields.items()}
    if mark not in (SECRET, OUTPUT):
        raise ValueError(f"{'.'.join(map(str, path))} holds an asset or a resource, which this stand-in does not know")
    if mark == SECRET or ("secret" in struct.fields and struct.fields["secret"].bool_value):
        secrets.add(path)
    return _decoded(struct.fields["value"], path, secrets) if "value" in struct.fields else UNKNOWN


def encode(props: Mapping[str, Any], secrets: Secrets | None = None) -> struct_pb2.Struct:
    """The inverse of `decode`; what `secrets` hold is marked, whatever value is there now."""
    hidden = secrets or Secrets()
    return struct_pb2.Struct(fields={key: _encoded(value, (key,), hidden) for key, value in props.items()})


def _encoded(value: Any, path: Path, secrets: Secrets) -> struct_pb2.Value:
    found = _encoded_plain(value, path, secrets)
    if value is None or not secrets.holds(path):
        return found
    mark = struct_pb2.Value(string_value=SECRET)
    return struct_pb2.Value(struct_value=struct_pb2.Struct(fields={SIGNATURE: mark, "value": found}))


def _encoded_plain(value: Any, path: Path, secrets: Secrets) -> struct_pb2.Value:
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=UNKNOWN_TEXT)
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, Mapping):
        inner = {str(key): _encoded(each, (*path, str(key)), secrets) for key, each in value.items()}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=inner))
    if isinstance(value, Iterable) and not isinstance(value, str):
        entries = [_encoded(each, (*path, number), secrets) for number, each in enumerate(value)]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=entries))
    return struct_pb2.Value(string_value=str(value))


def knows(value: Any) -> bool:
    """Whether there is no UNKNOWN anywhere in it."""
    if isinstance(value, Mapping):
        return all(knows(each) for each in value.values())
    if isinstance(value, list | tuple):
        return all(knows(each) for each in value)
    return value is not UNKNOWN


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that holds no other, with its path; an empty list or dict is one too."""
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from leaves(each, (*path, str(key)))
    elif isinstance(value, list | tuple) and value:
        for number, each in enumerate(value):
            yield from leaves(each, (*path, number))
    else:
        yield path, value


def written(path: Path) -> str:
    """A path as Pulumi writes it: spec.ports[0].port, metadata.labels["a.b/c"]."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "").replace("-", "").replace("$", "").isalnum():
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text
