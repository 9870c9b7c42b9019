"""Python loads this by itself at the start of a process whose PYTHONPATH names this folder."""

from zendesk_names import redirect  # type: ignore[import-not-found]  # of PYTHONPATH's folder

redirect()
