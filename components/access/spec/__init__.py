"""The language of an access spec: YAML in, frozen models out, or every problem of the file in one report."""

from __future__ import annotations

from components.access.spec.load import SpecError, load, loads, spec_schema
from components.access.spec.models import Spec

__all__ = ["Spec", "SpecError", "load", "loads", "spec_schema"]
