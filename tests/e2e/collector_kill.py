#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of any process of the collector in the middle of its work: nobody is left untold,
nobody is told twice but under the same Message-ID, and every run goes on."""
import os
import random
import time
from collections import Counter

import collector_world
from collector_world import World, until

INCIDENTS = 24
NAMES = ("engine", "runner", "api", "intake")
SEED = int(os.environ.get("SEED", "7"))


def idle(w):
    return w.query("SELECT COUNT(*) FROM wishes WHERE state = 0")[0][0] == 0


def kill_in_the_middle_loses_nothing_and_doubles_nothing(w):
    chance = random.Random(SEED)
    kills = Counter()
    w.mail.pause = 0.05
    w.start()
    for i in range(INCIDENTS):
        w.alert(device=f"DEVICE-{i}")
        name = chance.choice(NAMES[:2] if i % 3 else NAMES)
        if kills[name] < 4:  # its warden waits twice as long each time
            until(f"{name} lives", lambda n=name: n in w.children())
            if name == "runner":  # when the server has the mail, and has not said so
                had = len(w.mail.mails)
                until("a mail", lambda h=had: len(w.mail.mails) > h or idle(w))
            time.sleep(chance.random() / 20)  # so that it is hit in different places
            kills[name] += w.kill(name) is not None
    until("every incident has its task", lambda: w.query(
        "SELECT COUNT(*) FROM tasks WHERE step = 'ack'")[0][0] == INCIDENTS)
    until("the outbox is empty", lambda: w.query(
        "SELECT COUNT(*) FROM wishes WHERE state = 0")[0][0] == 0, 200)

    incidents = w.query("SELECT COUNT(*), COUNT(DISTINCT device) FROM incidents")[0]
    assert incidents == (INCIDENTS, INCIDENTS), incidents
    assert w.query("SELECT COUNT(*) FROM wishes WHERE state != 1")[0][0] == 0
    ids = {}
    for mail in w.mail.to("security@district.example"):
        ids.setdefault(mail["Subject"], set()).add(mail["Message-ID"])
    assert len(ids) == INCIDENTS, (len(ids), "incidents were told by mail")
    assert all(len(i) == 1 for i in ids.values()), "a repeat has another Message-ID"
    again = Counter(m["Message-ID"] for m in w.mail.to("security@district.example"))
    print(f"# {len(again)} mails, {sum(again.values()) - len(again)} of them again; "
          f"killed {dict(kills)}")

    assert w.query("SELECT COUNT(*) FROM runs WHERE status = 0")[0][0] == INCIDENTS
    ack = w.task("duty-security", "ack")
    until("all processes live again", lambda: len(w.children()) == len(NAMES), 90)
    w.hallwatch("tasks", "take", str(ack["id"]), "--as", "duty-security", "--wait", "60s")
    w.task("duty-network-admin", "work", ack["incident"])
    w.stop()


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    collector_world.run([(kill_in_the_middle_loses_nothing_and_doubles_nothing, World)])
