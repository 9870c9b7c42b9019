"""The tools: what each may do stands in ``catalogue``, how it does it in a module a resource."""

from pathlib import Path

from zendesk_tools.catalogue import CATALOGUE

__all__ = ["CATALOGUE", "LISTINGS"]

LISTINGS = Path(__file__).parent / "listings"
"""Where each tool's listing is kept, as clients see it; `make snapshots` writes them anew."""
