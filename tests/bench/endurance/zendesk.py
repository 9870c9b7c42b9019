"""The embedded Zendesk as a process of its own, in bad weather. At its end it tells what it met."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from bench.endurance.weather import Weather
from bench.team.zendesk import serve
from mcp_server_zendesk.sandbox import Sandbox

MET = "met.json"


def main(folder: Path, seed: int) -> None:
    """Serve until the input ends."""
    sandbox = Sandbox()
    weather = Weather(random.Random(seed))  # noqa: S311 - the same weather for the same seed
    sandbox.faults = weather
    serve(folder, sandbox)
    (folder / MET).write_text(json.dumps(weather.met), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
