# SPDX-License-Identifier: Apache-2.0
"""What a scenario is, and the table of all of them."""

import importlib
from dataclasses import dataclass, field
from typing import Callable

ATTACK, MISUSE, HARMLESS = "attack", "misuse", "harmless"

# The files of scenarios/, in the order in which their scenarios are listed.
FAMILIES = ["browsing", "network", "scanning", "bypass", "filtering", "cleartext",
            "malware", "remote", "policy", "link", "certificates", "guessing", "tunnels"]


@dataclass(frozen=True)
class Scenario:
    """Something that happens in the school, played by real programs."""
    name: str
    kind: str
    sentence: str
    play: Callable
    programs: list = field(default_factory=list)  # beyond the school's own
    rules: list = field(default_factory=list)     # must fire; none means silence


def load():
    """All scenarios by name."""
    table = {}
    for family in FAMILIES:
        for one in importlib.import_module(f"scenarios.{family}").SCENARIOS:
            assert one.name not in table, f"two scenarios are called {one.name}"
            table[one.name] = one
    return table
