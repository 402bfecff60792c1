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


def a_collector_without_a_mail_server_is_warned_of_by_a_check_only(w):
    code, out = collector(w, "--check")
    assert code == 0 and "W0921" not in out, out
    w.write("collector.yaml", "".join(line for line in w.settings().splitlines(True)
                                      if not line.startswith("smtp:")))
    code, out = collector(w, "--check")
    assert code == 0 and "in order" in out and "warning[W0921]" in out, out
    code, out = collector(w, "--check", "--role", "intake")
    assert code == 0 and "W0921" not in out, out


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
        assert code == USAGE and words in out, out


def without_settings_it_says_what_it_needs(w):
    done = subprocess.run([COLLECTOR], capture_output=True, text=True, check=False)
    assert done.returncode == USAGE and "-c FILE" in done.stderr, done.stderr
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
            tried, told = collector(w, "--check")
            code, out = collector(w, "--role", address)
        assert (tried, code) == (FAULT, HOPELESS), (tried, code, told, out)
        for text in told, out:
            assert f"127.0.0.1:{port} is taken" in text and words in text, text
    a_port_that_is_taken_is_named.__name__ = f"a_port_of_the_{address}_that_is_taken_is_named"
    return a_port_that_is_taken_is_named


def wait_for(w, *words):
    def said():
        assert w.process.poll() is None, w.log()
        return all(text in w.log() for text in words)
    collector_world.until(f"the log says {words}", said)


def starting(w, *args):
    with open(w.path("log"), "ab") as log:
        w.process = subprocess.Popen(
            [COLLECTOR, "-c", w.path("collector.yaml"), *args], stdout=log, stderr=log, cwd=w.folder)


OTHERS = ("intake is ready", "engine is ready", "runner is ready")


def a_fault_of_the_api_alone_ends_nothing_else(w):
    w.write("tokens", "dash boss 00\n", 0o600)
    w.write("collector.yaml", w.settings().replace("api: {", "api: {tokens: tokens, "))
    starting(w)
    wait_for(w, *OTHERS, "the tokens cannot be used: ", "tokens:1:6: error[E0912]",
             "playbooks run without it", "api ended: exit code 1")
    assert "\\n" not in w.log() and "1 error in" not in w.log(), w.log()
    w.alert()
    w.task("duty-security", "ack")
    w.write("tokens", "", 0o600)
    wait_for(w, "api is ready")
    w.stop()


def tokens_that_are_not_there_hinder_no_start_and_are_found_by_a_check(w):
    w.write("collector.yaml", w.settings().replace("api: {", "api: {tokens: tokens, "))
    code, out = collector(w, "--check")
    assert code == FAULT and '"api.tokens" cannot be read' in out, (code, out)
    starting(w)
    wait_for(w, *OTHERS, '"api.tokens" cannot be read: No such file', "it is tried again")
    w.stop()
    code, out = collector(w, "--role", "api")
    assert code == HOPELESS, (code, out)


def an_address_of_the_api_that_is_taken_ends_nothing_else(w):
    with socket.socket() as s:
        s.bind(("127.0.0.1", w.api))
        s.listen()
        starting(w)
        wait_for(w, *OTHERS, f"127.0.0.1:{w.api} is taken", "it is tried again")
    wait_for(w, "api is ready")
    w.stop()


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
    code, out = collector(w, "--check")
    assert code == FAULT and "Not a directory" in out and "mkdir -p" in out, (code, out)


def all_that_a_start_would_trip_over_is_tried_at_once(w):
    w.write("collector.yaml", w.settings().replace("user: root", "user: hallwatch-nobody")
            .replace("state: state", "state: /proc/none")
            .replace(f"127.0.0.1:{w.intake}", f"192.0.2.1:{w.intake}")
            .replace("keys/collector.key", "nowhere.key"))
    code, out = collector(w, "--check")
    assert code == FAULT, (code, out)
    for words in ('no user "hallwatch-nobody"', "/proc/none cannot be made",
                  "no such address", "nowhere.key"):
        assert words in out, (words, out)


def what_the_user_may_not_read_is_found_before_the_start(w):
    if os.geteuid() != 0:
        return
    os.chmod(w.folder, 0o755)
    w.write("collector.yaml", w.settings().replace("user: root", "user: nobody"))
    code, out = collector(w, "--check")
    assert code == FAULT, (code, out)
    for name in "keys/collector.key", "webhook.key":
        assert f"chown nobody: {w.path(name)}" in out, (name, out)
    assert not os.path.exists(w.path("state"))


def a_check_lets_a_collector_that_runs_go_on(w):
    w.start()
    code, out = collector(w, "--check")
    assert out.count("W0916") == 1, out
    assert code == 0 and f"runs already (process {w.process.pid})" in out, (code, out)
    with open(w.path("collector.yaml"), encoding="utf-8") as f:
        w.write("other.yaml", f.read().replace(str(w.intake), str(collector_world.free_port()))
                .replace(str(w.api), str(collector_world.free_port())))
    for more, name in (("--check",), "in use by the engine of another"), ((), "another collector"):
        done = subprocess.run([COLLECTOR, "-c", w.path("other.yaml"), *more], cwd=w.folder,
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == FAULT, (more, done)
        assert name in done.stderr and str(w.process.pid) in done.stderr, (more, done)
    assert len(w.children()) == 4


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    collector_world.run([(case, World) for case in (
        good_settings_are_found_good,
        a_collector_without_a_mail_server_is_warned_of_by_a_check_only,
        every_fault_of_the_settings_is_told_at_once,
        an_option_of_the_command_line_is_checked_too,
        without_settings_it_says_what_it_needs,
        a_rule_without_its_playbook_is_told_with_its_place,
        an_hour_without_anybody_is_a_hole_that_has_to_be_accepted,
        taken("api", "api.listen"),
        taken("intake", "intake.listen"),
        a_fault_of_the_api_alone_ends_nothing_else,
        tokens_that_are_not_there_hinder_no_start_and_are_found_by_a_check,
        an_address_of_the_api_that_is_taken_ends_nothing_else,
        a_store_of_a_newer_version_is_left_alone,
        a_folder_that_is_no_folder_is_named,
        all_that_a_start_would_trip_over_is_tried_at_once,
        what_the_user_may_not_read_is_found_before_the_start,
        a_check_lets_a_collector_that_runs_go_on,
    )])
