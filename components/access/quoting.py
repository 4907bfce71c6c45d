"""How names and values get into SQL: the one place that quotes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import LiteralString

from psycopg import sql

from components.access.model import PUBLIC


def name(*parts: str) -> sql.Composable:
    """A quoted, dotted name."""
    return sql.Identifier(*parts)


def role(grantee: str) -> sql.Composable:
    """A quoted role name, or the word PUBLIC, which is no role."""
    return sql.SQL("PUBLIC") if grantee == PUBLIC else sql.Identifier(grantee)


def names(parts: Iterable[str]) -> sql.Composable:
    """Quoted names with commas."""
    return sql.SQL(", ").join(sql.Identifier(part) for part in parts)


def roles(grantees: Iterable[str]) -> sql.Composable:
    """Quoted roles with commas."""
    return _roles(tuple(grantees))


@lru_cache(maxsize=1024)
def _roles(grantees: tuple[str, ...]) -> sql.Composable:
    """Thousands of statements name the same hundred roles."""
    return sql.SQL(sql.SQL(", ").join(role(grantee) for grantee in grantees).as_string(None))


def words(keywords: Iterable[LiteralString]) -> sql.Composable:
    """Keywords with commas; the type checker sees to it that they stand in this program's text."""
    return sql.SQL(", ").join(sql.SQL(keyword) for keyword in keywords)


def text(template: LiteralString, *arguments: sql.Composable, **named: sql.Composable) -> str:
    """The template with its holes filled, as the server gets it."""
    return sql.SQL(template).format(*arguments, **named).as_string(None)


def value(content: str | int | None) -> sql.Composable:
    """A quoted value."""
    return sql.Literal(content)
