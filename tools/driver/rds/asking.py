"""Questions to AWS in parallel, each with a limit, and what is said where one is not answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from types import TracebackType
from typing import Any, Self

from components.reach import aws

ANSWER_S = 10  # somebody waits in front of a screen; with the tries that boto3 makes about half a minute
WORKERS = 8
PREFIXES = {"elbv2": "elasticloadbalancing"}  # what permissions call a service, where boto3 calls it otherwise


class UnansweredError(Exception):
    """AWS refused a question, or could not be asked; the text says which one, and what to do."""


class Aws:
    """boto3's clients of one look; closed at the end of the block."""

    def __init__(self) -> None:
        self._clients: dict[tuple[str, str], Any] = {}
        self._making = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            client.close()

    def ask(self, service: str, region: str, question: str, **words: Any) -> dict[str, Any]:
        """The answer to an operation by its name in the API, such as DescribeDBInstances. Raises UnansweredError."""
        found: dict[str, Any] = self._asked(service, region, question, lambda one, name: getattr(one, name)(**words))
        return found

    def listed(self, service: str, region: str, question: str, key: str, **words: Any) -> list[Any]:
        """All pages of what the answers have under `key`; nothing where AWS says that it knows none.

        Raises UnansweredError.
        """

        def pages(client: Any, name: str) -> list[Any]:
            try:
                return [one for page in client.get_paginator(name).paginate(**words) for one in page.get(key, ())]
            except client.exceptions.ClientError as error:
                if "NotFound" in error.response["Error"]["Code"]:
                    return []
                raise

        found: list[Any] = self._asked(service, region, question, pages)
        return found

    def _asked(self, service: str, region: str, question: str, put: Callable[[Any, str], Any]) -> Any:
        try:
            client = self._client(service, region)
            names = {api: name for name, api in client.meta.method_to_api_mapping.items()}
            return put(client, names[question])
        except Exception as error:
            right = f"{PREFIXES.get(service, service)}:{question}"
            needed = dict.fromkeys(("AccessDenied", "not authorized"), f"whoever runs this needs {right}")
            told = aws.advised(error, f"AWS in {region}", needed)
            raise UnansweredError(f"{right} in {region} was not answered: {told}") from None

    def _client(self, service: str, region: str) -> Any:
        with self._making:
            if (service, region) not in self._clients:
                self._clients[service, region] = aws.client(service, region, ANSWER_S)
            return self._clients[service, region]


class Lacking(str):
    """In place of an answer: why there is none."""

    __slots__ = ()


def together(questions: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """All answers by name, asked at once; `Lacking` where there is none."""
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        waiting = {name: pool.submit(_answer, question) for name, question in questions.items()}
        return {name: future.result() for name, future in waiting.items()}


def _answer(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except UnansweredError as why:
        return Lacking(why)
