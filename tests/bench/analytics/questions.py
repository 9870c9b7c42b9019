"""Ten questions of a support lead, with the calls of a model that reads the tools' descriptions."""

from __future__ import annotations

from typing import Any

Call = tuple[str, dict[str, Any]]

QUESTIONS: tuple[tuple[str, tuple[Call, ...]], ...] = ()
