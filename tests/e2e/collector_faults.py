#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is wrong at the start is said in a sentence that says what to do, with the right exit
code; and nothing is left behind."""
import os
import socket
import sqlite3
import subprocess

import collector_world
from collector_world import COLLECTOR, PATIENCE, World

FAULT, USAGE, HOPELESS = 1, 2, 3


def collector(w, *args):
    done = subprocess.run(
        [COLLECTOR, "-c", w.path("collector.yaml"), *args], capture_output=True, text=True,
        cwd=w.folder, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout + done.stderr


def good_settings_are_found_good(w):
    code, out = collector(w, "--check")
    assert code == 0 and "in order" in out, out


def every_fault_of_the_settings_is_told_at_once(w):
    w.write("collector.yaml", w.settings().replace("playbooks:", "playboks:")
            .replace("127.0.0.1:%d" % w.api, "0.0.0.0:80").replace("smtp://", "http://"))
    code, out = collector(w, "--check")
    assert code == FAULT and 'did you mean "playbooks"?' in out, out
    w.write("collector.yaml", w.settings().replace("127.0.0.1:%d" % w.api, "0.0.0.0:80")
            .replace("smtp://", "http://").replace("keys/collector.key", "nowhere.key"))
    os.chmod(w.path("webhook.key"), 0o644)
    code, out = collector(w)
    assert code == FAULT, out
    for words in ("others can reach", "smtp://HOST:PORT", "nowhere.key", "chmod 600"):
        assert words in out, (words, out)
    assert not os.path.exists(w.path("state"))


def an_option_of_the_command_line_is_checked_too(w):
    for args, words in ((("--set", "lgo=debug"), "lgo"), (("--role", "engin"), "engine")):
        code, out = collector(w, *args)
        assert code == FAULT and words in out, out


def without_settings_it_says_what_it_needs(w):
    done = subprocess.run([COLLECTOR], capture_output=True, text=True, check=False)
    assert done.returncode == USAGE and "-c collector.yaml" in done.stderr, done.stderr
    del w


def a_rule_without_its_playbook_is_told_with_its_place(w):
    os.unlink(w.path("playbooks/malware-on-device.yaml"))
    code, out = collector(w, "--check")
    assert code == FAULT and '"malware-on-device", which is not there' in out, out


def an_hour_without_anybody_is_a_hole_that_has_to_be_accepted(w):
    with open(w.path("district.yaml"), encoding="utf-8") as f:
        text = f.read()
    text = text.replace("    last_responder: emergency-line\n", "").replace(
        'days: mon-sun, from: "00:00"', 'days: mon-fri, from: "08:00"')
    w.write("district.yaml", text)
    code, out = collector(w, "--check")
    assert code == FAULT and "Sat" in out and "--accept-gaps" in out, out
    code, out = collector(w, "--check", "--accept-gaps")
    assert code == 0 and "Sat" in out, out


def taken(address, words):
    def a_port_that_is_taken_is_named(w):
        port = getattr(w, address)
        with socket.socket() as s:
            s.bind(("127.0.0.1", port))
            s.listen()
            code, out = collector(w)
        assert code == HOPELESS, (code, out)
        assert f"127.0.0.1:{port} is taken" in out and words in out, out
    a_port_that_is_taken_is_named.__name__ = f"a_port_of_the_{address}_that_is_taken_is_named"
    return a_port_that_is_taken_is_named


def a_store_of_a_newer_version_is_left_alone(w):
    w.start()
    w.stop()
    db = sqlite3.connect(w.store)
    with db:
        db.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
    db.close()
    code, out = collector(w)
    assert code == HOPELESS and "newer Hallwatch" in out, (code, out)


def a_folder_that_is_no_folder_is_named(w):
    w.write("state", "")
    code, out = collector(w)
    assert code in (FAULT, HOPELESS) and "state" in out, (code, out)


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    collector_world.run([(case, World) for case in (
        good_settings_are_found_good,
        every_fault_of_the_settings_is_told_at_once,
        an_option_of_the_command_line_is_checked_too,
        without_settings_it_says_what_it_needs,
        a_rule_without_its_playbook_is_told_with_its_place,
        an_hour_without_anybody_is_a_hole_that_has_to_be_accepted,
        taken("api", "api.listen"),
        taken("intake", "intake.listen"),
        a_store_of_a_newer_version_is_left_alone,
        a_folder_that_is_no_folder_is_named,
    )])
