"""Talks to HAProxy through its admin socket."""

from __future__ import annotations

import socket


def command(path: str, line: str, *, timeout: float = 1.0) -> str:
    """What HAProxy answers to one command, stripped; "" is success for all that change something. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(path)
        connection.sendall(line.encode() + b"\n")
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer.decode(errors="replace").strip()


def apply(path: str, lines: list[str]) -> list[str]:
    """Runs each command; returns what was refused, as "command: answer". Raises OSError when nobody listens."""
    answers = [(line, command(path, line)) for line in lines]
    return [f"{line}: {answer}" for line, answer in answers if answer]
