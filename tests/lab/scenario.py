# SPDX-License-Identifier: Apache-2.0
"""What a scenario is, and the table of all of them."""

import importlib
from dataclasses import dataclass, field
from typing import Callable

ATTACK, MISUSE, HARMLESS = "attack", "misuse", "harmless"

# Within how many seconds after the last packet that it needs an alert must have been written.
AT_ONCE = 3        # a packet or an answer shows it
UNANSWERED = 6     # an answer has not come: the sensor waits 3 s for one
CONVERSATION = 10  # a TCP conversation is over: 5 s after both sides have closed it
SILENCE = 65       # a UDP conversation is over: after a minute of silence

# The files of scenarios/, in the order in which their scenarios are listed.
FAMILIES = ["browsing", "network", "scanning", "bypass", "filtering", "cleartext",
            "malware", "remote", "policy", "link", "certificates", "guessing", "tunnels",
            "mail", "detours", "floods", "intrusion", "everyday"]


@dataclass(frozen=True)
class Scenario:
    """Something that happens in the school, played by real programs."""
    name: str
    kind: str
    sentence: str
    play: Callable
    programs: list = field(default_factory=list)  # beyond the school's own
    rules: list = field(default_factory=list)     # must fire; none means silence
    within: int = AT_ONCE                         # seconds, from an alert's last packet
    told_by: int = None      # seconds from its first packet: each of its rules is told by then
    dated: bool = False      # judged by today's date: only a fresh recording can be played
    stored: bool = True      # else too large to be kept: recorded when it is to be played
    thin: bool = False       # kept without most of its payload: play.py fills it with zeros
    by_night: bool = False   # recorded at two in the night, else in a lesson; played when it is
    long: bool = False       # lasts many minutes: test_long.py plays it, beside the others


def load():
    """All scenarios by name."""
    table = {}
    for family in FAMILIES:
        for one in importlib.import_module(f"scenarios.{family}").SCENARIOS:
            assert one.name not in table, f"two scenarios are called {one.name}"
            table[one.name] = one
    return table
