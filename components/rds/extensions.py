"""Extensions that Amazon RDS cannot have: said before anything is made, with what else can be done. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from components.access.extensions import PRELOADED
from components.access.spec.load import Loaded
from components.settings.catalogue.rds_parameters import preloadable
from components.settings.problems import Problem


def absent(specs: Iterable[Loaded]) -> Iterator[Problem]:
    """Those that need a library which RDS does not load, in every spec that cannot do without."""
    for loaded in specs:
        for database, wanted in loaded.spec.databases.items():
            for name, extension in wanted.extensions.items():
                optional = extension is not None and extension.optional
                if not optional and PRELOADED.get(name, "") not in {"", *preloadable()}:
                    yield loaded.problem(
                        ("databases", database, "extensions", name),
                        f"Amazon RDS has no {name}; use platform embedded or kubernetes with it, or mark it "
                        "optional: true",
                    )
