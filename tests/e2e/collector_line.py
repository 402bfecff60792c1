#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""From an alert in the store to a closed incident, through the real processes, a real mail
server and the real command."""
import hashlib
import hmac
import json
import os
import pty
import sqlite3
import subprocess
import time

import collector_world
from collector_world import World, until

SECURITY, NETWORK = "duty-security", "duty-network-admin"


def an_alert_becomes_a_mail_a_task_and_a_closed_incident(w):
    w.start()
    w.alert()
    mail = until("a mail", lambda: w.mail.to("security@district.example"))[0]
    assert "Incident 1" in mail["Subject"], mail["Subject"]
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert "malware.example" not in text and "7KQX" not in text, text

    out = w.hallwatch("tasks", "take", str(w.task(SECURITY, "ack")["id"]), "--as", SECURITY)
    assert "Incident 1 is acknowledged." in out and "Next: task" in out, out
    work = w.task(NETWORK, "work")
    shown = w.hallwatch("tasks", "show", str(work["id"]), "--as", NETWORK)
    assert "Do not treat this as misconduct" in shown and "How many others?" in shown
    out = w.hallwatch("tasks", "answer", str(work["id"]), "others=0", "found=yes", "--as",
                      NETWORK)
    assert "Incident 1 is contained." in out, out
    w.hallwatch("decide", str(w.task(SECURITY, "records")["id"]), "no", "-m",
                "it was a loaner", "--as", SECURITY)
    out = w.hallwatch("tasks", "answer", str(w.task(SECURITY, "close")["id"]), "confirmed",
                      "-m", "malware was found on it", "--as", SECURITY)
    assert "Incident 1 is closed." in out and "Nothing more waits" in out, out
    assert until("the run ends", lambda: w.query("SELECT 1 FROM runs WHERE status = 1"))
    w.stop()


def a_no_to_the_question_whether_it_is_done_leaves_it_open(w):
    """The shipped playbook: nobody is with the student yet."""
    w.start()
    w.alert(playbook="safeguarding-review", rule="safety.self-harm-after-hours", owner=2)
    officer = "safety-officer"
    w.hallwatch("tasks", "take", str(w.task(officer, "ack")["id"]), "--as", officer)
    w.hallwatch("decide", str(w.task(officer, "weigh")["id"]), "danger", "-m", "it may be",
                "--as", officer)
    err = w.hallwatch("tasks", "take", "1", "--as", officer, fine=False)
    assert f"was done by {officer}" in err, err
    first = w.task(officer, "danger")["id"]
    before = len(w.mail.to("emergency@district.example"))
    out = w.hallwatch("tasks", "answer", str(first), "safe=no", "--as", officer)
    assert f"Task {first} is answered, but not done: safe=no." in out, out
    assert "Incident 1 is acknowledged." in out, out
    assert "Make sure that somebody is with the student" in out, out
    until("somebody else is told",
          lambda: len(w.mail.to("emergency@district.example")) > before)
    again = w.task(officer, "danger")
    assert again["id"] != first
    shown = w.hallwatch("tasks", "show", str(again["id"]), "--as", officer)
    assert f'{officer} answered "no": Is somebody with the student now?' in shown, shown
    assert "safe (yes or no; done only with yes)" in shown, shown
    page = w.hallwatch("incidents", "show", "1", "--as", officer)
    for words in ("What it means", "evening, at night or on a day off",
                  "What it does not show", "Harmless causes that are known",
                  "- Homework on the subject", "What to do now", "hallwatch tasks show",
                  "answered: danger (Somebody may be in danger now): it may be",
                  "answered: safe: no"):
        assert words in page, (words, page)
    other = w.hallwatch("incidents", "show", "1", "--as", NETWORK)
    assert "it may be" not in other and "safe: no" not in other, other
    data = w.hallwatch("incidents", "show", "1", "--json", "--as", NETWORK)
    assert "it may be" not in data, data
    page = w.hallwatch("alerts", "show", "1", "--as", officer)
    for words in ("- Homework on the subject", "name of the called host: malware.example",
                  "- 2 times within 12 h", "hallwatch incidents show 1"):
        assert words in page, (words, page)
    assert "{" not in page, page
    shown = w.hallwatch("tasks", "show", str(first), "--as", officer)
    assert "Answered: safe: no" in shown, shown
    err = w.hallwatch("tasks", "take", str(first), "--as", officer, fine=False)
    assert f"was done by {officer}" in err, err
    shown = w.hallwatch("tasks", "show", str(again["id"]), "--as", NETWORK)
    assert f"It is for {officer}." in shown and "tasks take" not in shown, shown
    out = w.hallwatch("tasks", "answer", str(again["id"]), "safe=yes", "--as", officer)
    assert "is done." in out and "Incident 1 is contained." in out, out
    w.stop()


def typed(w, lines, *args):
    """The command at a terminal, where this is typed."""
    top, terminal = pty.openpty()
    with subprocess.Popen(
            [collector_world.HALLWATCH, *args, "--store", w.store, "--district",
             w.path("district.yaml")], stdin=terminal, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True) as process:
        os.write(top, lines.encode())
        out = process.communicate(timeout=collector_world.PATIENCE)[0]
    os.close(top)
    os.close(terminal)
    assert process.returncode == 0, out
    return out


def at_a_terminal_a_decision_and_a_closing_are_asked_for(w):
    w.start()
    w.alert()
    w.hallwatch("tasks", "take", str(w.task(SECURITY, "ack")["id"]), "--as", SECURITY)
    w.hallwatch("tasks", "answer", str(w.task(NETWORK, "work")["id"]), "others=0",
                "found=yes", "--as", NETWORK)
    records = str(w.task(SECURITY, "records")["id"])
    out = typed(w, "no\na loaner\n", "decide", records, "--as", SECURITY)
    assert "Could records have been read?" in out and "Why?" in out, out
    out = typed(w, "benign\n", "tasks", "answer", str(w.task(SECURITY, "close")["id"]),
                "-m", "a test", "--as", SECURITY)
    assert "What was it?" in out and "Why?" not in out and "is closed" in out, out
    assert "answered: no: a loaner" in w.hallwatch("incidents", "show", "1", "--as", SECURITY)
    w.stop()


def an_empty_page_says_that_others_may_see_more(w):
    w.start()
    for number in range(10):
        w.alert(f"7KQX-M3T{number}", "safeguarding-review", owner=2)
    until("ten incidents", lambda: w.query("SELECT count(*) FROM incidents") == [(10,)])
    out = w.hallwatch("incidents", "list", "--as", "principal")
    assert "10 incidents are open; your roles see how many, not which." in out, out
    out = w.hallwatch("alerts", "list", "--as", "principal")
    assert "Your roles see no single alerts" in out, out
    out = w.hallwatch("incidents", "list", "--as", "exams-officer")
    assert "No incident is open that your roles see; there may be others." in out, out
    w.stop()


def what_is_reopened_is_somebodys_task_again(w):
    w.start()
    w.alert()
    w.task(SECURITY, "ack")
    w.hallwatch("incidents", "close", "1", "--was", "benign", "-m", "a test", "--as", SECURITY)
    until("the run ends", lambda: w.query("SELECT 1 FROM runs WHERE status = 1"))
    assert "Nothing waits for you." in w.hallwatch("tasks", "list", "--as", SECURITY)
    out = w.hallwatch("incidents", "reopen", "1", "-m", "oops", "--as", SECURITY)
    assert "Its playbook begins anew" in out, out
    again = w.task(SECURITY, "ack")
    out = w.hallwatch("tasks", "take", str(again["id"]), "--as", SECURITY)
    assert "Incident 1 is acknowledged." in out, out
    w.hallwatch("incidents", "note", "1", " ", "--as", SECURITY, fine=False)
    w.stop()


def who_may_not_and_what_does_not_fit_is_told_and_changes_nothing(w):
    w.start()
    w.alert()
    ack = str(w.task(SECURITY, "ack")["id"])
    for args, words in (
        (("tasks", "take", ack), "say who you are"),
        (("tasks", "take", ack, "--as", "nobody"), "nobody called"),
        (("tasks", "take", ack, "--as", "safety-officer"), "is for security"),
        (("tasks", "take", "77", "--as", SECURITY), "no task 77"),
        (("tasks", "take", "x", "--as", SECURITY), "has a number"),
    ):
        err = w.hallwatch(*args, fine=False)
        assert words in err, (args, err)
    w.hallwatch("tasks", "take", ack, "--as", SECURITY)
    work = str(w.task(NETWORK, "work")["id"])
    for answer, words in (
        (("others=many", "found=yes"), "whole number"),
        (("found=yes",), "How many others?"),
        (("others=1", "found=maybe"), "yes or no"),
        (("others=1", "found=yes", "colour=red"), "nobody asked"),
    ):
        err = w.hallwatch("tasks", "answer", work, *answer, "--as", NETWORK, fine=False)
        assert words in err, (answer, err)
    assert w.task(NETWORK, "work")["state"] == "open"
    w.stop()


def who_stands_in_sees_what_is_to_be_done_once_it_is_theirs(w):
    w.start()
    w.alert()
    w.hallwatch("tasks", "take", str(w.task(SECURITY, "ack")["id"]), "--as", SECURITY)
    work = str(w.task(NETWORK, "work")["id"])
    assert w.task(SECURITY, "work")["detail"] == {}
    out = w.hallwatch("tasks", "show", work, "--as", SECURITY)
    assert "You stand in for network-admin." in out, out
    assert "Find the device" not in out and "others" not in out, out
    assert "Find the device" in w.hallwatch("tasks", "show", work, "--as", NETWORK)
    w.hallwatch("tasks", "take", work, "--as", SECURITY)
    assert "Find the device" in w.hallwatch("tasks", "show", work, "--as", SECURITY)
    w.stop()


def a_task_that_is_taken_belongs_to_one_person(w):
    w.start()
    w.alert()
    w.hallwatch("tasks", "take", str(w.task(SECURITY, "ack")["id"]), "--as", SECURITY)
    work = str(w.task(NETWORK, "work")["id"])
    w.hallwatch("tasks", "take", work, "--as", NETWORK)
    err = w.hallwatch("tasks", "take", work, "--as", SECURITY, fine=False)
    assert f"is with {NETWORK}" in err, err
    w.hallwatch("tasks", "give-back", work, "--as", NETWORK)
    w.hallwatch("tasks", "take", work, "--as", SECURITY)
    w.stop()


def nobody_answers_and_the_next_role_is_asked(w):
    w.start()
    w.alert()
    until("a mail to the network staff", lambda: w.mail.to("network@district.example"))
    w.task(NETWORK, "deputy")
    states = w.query("SELECT step, state FROM tasks ORDER BY id")
    assert ("ack", 3) in states, states  # expired
    w.stop()


def a_webhook_is_signed_and_says_no_more_than_its_reader_may_see(w):
    w.start()
    w.alert()
    headers, body = until("a post", lambda: w.hook.posts)[0]
    fields = dict(p.split("=") for p in headers["Hallwatch-Signature"].split(","))
    mac = hmac.new(b"a secret of both sides", fields["t"].encode() + b"." + body,
                   hashlib.sha256)
    assert hmac.compare_digest(mac.hexdigest(), fields["v1"])
    post = json.loads(body)
    assert post["incident"] == 1 and post["person"] == SECURITY
    assert "malware.example" not in body.decode() and "7KQX" not in body.decode()
    w.stop()


def what_fails_is_tried_again(w):
    w.mail.refuse["security@district.example"] = 451
    w.start()
    w.alert()
    until("it was tried", lambda: w.query("SELECT 1 FROM wishes WHERE attempts > 0"))
    assert "mail       of the step page, waiting" in w.hallwatch("incidents", "show", "1")
    w.mail.refuse.clear()
    until("a mail", lambda: w.mail.to("security@district.example"))
    w.stop()


def what_fails_for_good_becomes_a_task(w):
    w.mail.refuse["security@district.example"] = 550
    w.start()
    w.alert()
    trouble = until("a task about it", lambda: [
        t for t in w.tasks(SECURITY) if t["kind"] == "trouble"])[0]
    assert "could not be delivered" in trouble["title"], trouble
    page = w.hallwatch("tasks", "show", str(trouble["id"]), "--as", SECURITY)
    assert "Call " in page and "550" not in page and "yaml" not in page, page
    mend = until("a task to see why", lambda: [
        t for t in w.tasks(NETWORK)
        if t["kind"] == "trouble" and t["role"] == "network-admin"])[0]
    page = w.hallwatch("tasks", "show", str(mend["id"]), "--as", NETWORK)
    assert "went by mail" in page and "550" in page, page
    assert "hallwatch actions test mail" in page, page
    w.hallwatch("tasks", "done", str(trouble["id"]), "--as", SECURITY)
    w.stop()


def an_answer_while_the_engine_is_away_is_kept(w):
    w.start()
    w.alert()
    ack = str(w.task(SECURITY, "ack")["id"])
    w.stop()
    out = w.hallwatch("tasks", "take", ack, "--as", SECURITY, "--wait", "100ms")
    assert "as soon as it runs" in out, out
    w.start()
    w.task(NETWORK, "work")
    w.stop()


def a_test_message_is_marked_as_one(w):
    command = [collector_world.HALLWATCH, "actions", "test", "-c", w.path("collector.yaml")]
    done = subprocess.run([*command, "mail", "principal@lincoln.example"],
                          capture_output=True, text=True, check=True)
    assert "took a test message" in done.stdout, done
    mail = until("a mail", lambda: w.mail.to("principal@lincoln.example"))[0]
    assert mail["Subject"].startswith("Test:") and "Nothing has happened" in mail.get_content()
    w.mail.refuse["principal@lincoln.example"] = 550
    done = subprocess.run([*command, "mail", "principal@lincoln.example"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "was not sent" in done.stderr, done
    done = subprocess.run([*command, "fax", "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "mail, webhook" in done.stderr, done


def a_silent_sensor_becomes_a_task_for_the_network_staff(w):
    w.start()
    db = sqlite3.connect(w.store, timeout=60)
    with db:
        db.execute("INSERT INTO notices (district, agent, kind, epoch, at) "
                   "VALUES (?, 'lincoln-1', 0, 0, ?)",
                   (collector_world.DISTRICT, int(time.time() * 1e6)))
    db.close()
    task = w.task(NETWORK, "ack")
    shown = w.hallwatch("tasks", "show", str(task["id"]), "--as", NETWORK)
    assert "A sensor is silent: lincoln-1" in shown, shown
    w.stop()


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    collector_world.run([
        (an_alert_becomes_a_mail_a_task_and_a_closed_incident, World),
        (a_no_to_the_question_whether_it_is_done_leaves_it_open, World),
        (at_a_terminal_a_decision_and_a_closing_are_asked_for, World),
        (an_empty_page_says_that_others_may_see_more, World),
        (what_is_reopened_is_somebodys_task_again, World),
        (who_may_not_and_what_does_not_fit_is_told_and_changes_nothing, World),
        (who_stands_in_sees_what_is_to_be_done_once_it_is_theirs, World),
        (a_task_that_is_taken_belongs_to_one_person, World),
        (nobody_answers_and_the_next_role_is_asked, lambda: World("2s")),
        (a_webhook_is_signed_and_says_no_more_than_its_reader_may_see, World),
        (what_fails_is_tried_again, World),
        (what_fails_for_good_becomes_a_task, World),
        (an_answer_while_the_engine_is_away_is_kept, World),
        (a_test_message_is_marked_as_one, World),
        (a_silent_sensor_becomes_a_task_for_the_network_staff, World),
    ])
