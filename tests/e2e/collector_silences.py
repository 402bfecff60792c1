#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who may keep whom from being told, by the real command; and what the engine makes of it."""
import json
import os

import collector_world
from collector_world import World, until

SAFETY, EXAMS, NETWORK = 2, 4, 0
HARM = "safety.self-harm-after-hours"


def add(w, person, *args, fine=True, length="1h"):
    return w.hallwatch("silences", "add", *args, "--for", length, "--reason", "noisy",
                       "--as", person, fine=fine)


def fates(w, count):
    return until("alerts are settled", lambda: w.query(
        "SELECT owner, fate FROM alerts WHERE fate > 0 AND (SELECT count(*) FROM alerts"
        " WHERE fate > 0) = ? ORDER BY id", count))


def only_who_acts_first_on_a_rule_may_silence_it(w):
    w.start()
    for person in ("exams-officer", "duty-network-admin", "duty-security", "principal",
                   "emergency-line"):
        err = add(w, person, "--rule", HARM, fine=False)
        assert f'"{HARM}" is the safety-officer\'s to silence' in err, err
    assert w.query("SELECT count(*) FROM silences") == [(0,)]
    out = add(w, "safety-officer", "--rule", HARM)
    assert "covers alerts on which the safety-officer acts first, and no others" in out, out
    listed = json.loads(w.hallwatch("silences", "list", "--json"))
    assert listed[0]["covers"] == ["safety-officer"], listed
    detail = json.loads(w.query("SELECT detail FROM audit WHERE what = 'silence.add'")[0][0])
    assert detail["rule"] == HARM and detail["covers"] == ["safety-officer"], detail
    err = w.hallwatch("silences", "end", "1", "--as", "principal", fine=False)
    assert "is not yours" in err, err
    w.hallwatch("silences", "end", "1", "--as", "safety-officer")
    w.stop()


def a_silence_over_a_whole_site_takes_no_safety_rule_along(w):
    w.start()
    add(w, "exams-officer", "--site", "lincoln")
    add(w, "duty-network-admin", "--segment", "students")
    err = add(w, "principal", "--site", "lincoln", fine=False)
    assert "principal does on none" in err, err
    w.alert("7KQX-M3TA", "safeguarding-review", rule=HARM, owner=SAFETY)
    w.alert("7KQX-M3TB", "exam-irregularity", rule="exam.help-site", owner=EXAMS)
    w.alert("7KQX-M3TC", "network-hygiene", rule="net.cleartext-login", owner=NETWORK)
    assert fates(w, 3) == [(SAFETY, 1), (EXAMS, 3), (NETWORK, 3)]
    assert w.task("safety-officer", "ack")
    w.stop()


def what_is_not_there_is_not_silenced(w):
    w.start()
    for args, words in (
        (("--rule", "safety.self-harm-after-hour"), f'did you mean "{HARM}"?'),
        (("--rule", "no.such"), 'there is no rule "no.such"'),
        (("--site", "nosite"), 'there is no site "nosite"; there are lincoln'),
        (("--segment", "nosuch"), 'there is no segment "nosuch"; there are students exam'),
        (("--device", "7KQX-M3TA"), 'no alert of yours was ever about a device'),
        (("--site", "lincoln", "--role", "cook"), "there are network-admin security"),
        (("--site", "lincoln", "--role", "security"), "is the security's to silence"),
    ):
        err = add(w, "safety-officer", *args, fine=False)
        assert words in err, (args, err)
    w.alert(playbook="safeguarding-review", rule=HARM, owner=SAFETY)
    fates(w, 1)
    add(w, "safety-officer", "--device", "7KQX-M3TA")
    shown = w.hallwatch("silences", "list", "--as", "safety-officer")
    assert "device 7KQX-M3TA: noisy" in shown, shown
    w.stop()


def who_sees_no_device_sees_none_among_silences(w):
    w.start()
    w.alert(playbook="safeguarding-review", rule=HARM, owner=SAFETY)
    fates(w, 1)
    add(w, "safety-officer", "--device", "7KQX-M3TA")
    for person in (["--as", "duty-network-admin"], []):
        shown = w.hallwatch("silences", "list", *person)
        assert "7KQX" not in shown and "device (not for you): noisy" in shown, shown
        listed = json.loads(w.hallwatch("silences", "list", "--json", *person))
        assert listed[0]["device"] is None, listed
    for person in ("principal", "exams-officer"):
        shown = w.hallwatch("silences", "list", "--as", person)
        assert "noisy" not in shown and "No silence" not in shown, shown
        assert w.hallwatch("silences", "list", "--json", "--as", person).strip() == "[]"
    w.stop()


def none_is_for_long(w):
    w.start()
    err = add(w, "safety-officer", "--rule", HARM, length="8d", fine=False)
    assert "7 days at most" in err, err
    err = add(w, "duty-network-admin", "--site", "lincoln", length="900d", fine=False)
    assert "30 days at most" in err, err
    add(w, "duty-network-admin", "--site", "lincoln", length="30d")
    w.stop()


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    collector_world.run([
        (only_who_acts_first_on_a_rule_may_silence_it, World),
        (a_silence_over_a_whole_site_takes_no_safety_rule_along, World),
        (what_is_not_there_is_not_silenced, World),
        (who_sees_no_device_sees_none_among_silences, World),
        (none_is_for_long, World),
    ])
