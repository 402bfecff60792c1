# SPDX-License-Identifier: Apache-2.0
"""A school morning, told in about half a minute: everybody works, and things go wrong.

One thread a working device, and the scenarios of EPISODES, one after the other, beside.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import scenario
from acts import fetch, look_up

PACE = 4.0  # seconds between two things that one device does

# Who works, and on what. None of these devices has its address changed in an episode.
WORK = {
    "student-01": ["https://classroom.example/", "https://www.encyclopedia.test/",
                   "https://maps.example/"],
    "student-03": ["https://classroom.example/", "http://weather.test/",
                   "https://news.example/"],
    "staff-01": ["https://mail.example/", "http://intranet.lincoln.test/",
                 "https://files.classroom.example/"],
    "staff-02": ["https://news.example/", "https://classroom.example/style.css"],
    "admin-01": ["https://mail.example/", "https://updates.vendor.test/style.css"],
    "exam-02": ["https://classroom.example/"],
}

EPISODES = ["switching-on", "safesearch-enforced", "monitoring", "rogue-dhcp",
            "help-line", "filter-not-applied", "block-page", "ftp-login", "malware-host",
            "wireguard", "host-sweep", "exam-contact", "many-look-ups", "arp-spoofing",
            "old-tls", "dns-tunnel", "ssh-session"]


def work(school, who, over):
    """Fetch and look up at an even pace until the morning is over."""
    turn = 0
    while not over.wait(PACE):
        url = WORK[who][turn % len(WORK[who])]
        fetch(school, who, url)
        look_up(school, who, url.split("/")[2])
        turn += 1


def play(school):
    table, over = scenario.load(), threading.Event()
    with ThreadPoolExecutor(len(WORK)) as devices:
        try:
            table[EPISODES[0]].play(school)
            working = [devices.submit(work, school, who, over) for who in WORK]
            for name in EPISODES[1:]:
                table[name].play(school)
        finally:
            over.set()
    for device in working:
        device.result()


def morning():
    """The morning as one scenario: it needs and fires what its episodes do."""
    table = scenario.load()
    episodes = [table[name] for name in EPISODES]
    return scenario.Scenario(
        "morning", "mixed",
        "An ordinary morning on all segments, with everything from a rogue DHCP server "
        "to a DNS tunnel in the middle of it.", play,
        sorted({program for one in episodes for program in one.programs}),
        sorted({rule for one in episodes for rule in one.rules}),
        within=max(one.within for one in episodes),
        dated=any(one.dated for one in episodes))
