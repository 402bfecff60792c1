#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The questions that programs may ask, and what they get when they ask wrongly."""
import hashlib
import json
import os
import socket
import sqlite3
import subprocess
import urllib.error
import urllib.request

import collector_world
from collector_world import World, until

ROLES = ("network-admin", "safety-officer", "principal", "exams-officer", "governor", "auditor")
TOKENS = {}


def asking():
    w = World()
    for role in ROLES:
        done = subprocess.run(
            [collector_world.HALLWATCH, "tokens", "add", "--file", w.path("tokens"), "--role",
             role, role], capture_output=True, text=True, check=True)
        TOKENS[role] = done.stdout.strip()
    w.write("collector.yaml", w.settings().replace(
        "api: {listen:", "api: {tokens: tokens, listen:"))
    w.start()
    return w


def ask(w, path, role="network-admin", method="GET", token=None):
    """Status, and the answer as JSON where it is."""
    request = urllib.request.Request(f"http://127.0.0.1:{w.api}{path}", method=method)
    if role or token:
        request.add_header("Authorization", "Bearer " + (token or TOKENS[role]))
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, kind, text = answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        status, kind, text = error.code, error.headers["Content-Type"], error.read()
    return status, json.loads(text) if kind == "application/json" else text.decode()


def health_is_told_to_anybody_and_all_else_to_who_has_a_token(w):
    assert ask(w, "/healthz", role=None)[0] == 200
    for path in ("/metrics", "/v1/alerts", "/v1/incidents/1"):
        status, answer = ask(w, path, role=None)
        assert status == 401 and "token" in answer["error"], answer
        assert ask(w, path, token=TOKENS["principal"][:-1])[0] == 401
        assert ask(w, path, token=TOKENS["principal"] + "1")[0] == 401


def figures_are_for_who_may_see_small_numbers(w):
    for role in ("network-admin", "safety-officer"):
        assert "hallwatch_incidents{" in ask(w, "/metrics", role=role)[1], role
    for role in ("exams-officer", "principal", "governor", "auditor"):
        status, answer = ask(w, "/metrics", role=role)
        assert status == 403 and role in answer["error"], answer


def pages_follow_each_other(w):
    for i in range(5):
        w.alert(device=f"DEVICE-{i}")
    until("all have their incident", lambda: len(ask(w, "/v1/incidents")[1]["incidents"]) == 5)
    seen, query = [], "limit=2"
    while query:
        status, answer = ask(w, f"/v1/alerts?{query}")
        assert status == 200
        seen += [a["id"] for a in answer["alerts"]]
        query = answer["next"] and answer["next"] + "&limit=2"
    assert seen == [5, 4, 3, 2, 1], seen


def filters_choose_what_is_shown(w):
    w.alert(device="A")
    w.alert(device="B")
    until("both are settled", lambda: len(ask(w, "/v1/incidents?state=open")[1]["incidents"]) == 2)
    assert len(ask(w, "/v1/alerts?device=A")[1]["alerts"]) == 1
    assert ask(w, "/v1/alerts?rule=other")[1]["alerts"] == []
    assert ask(w, "/v1/alerts?severity=critical")[1]["alerts"] == []
    assert ask(w, "/v1/incidents?state=closed,recovered")[1]["incidents"] == []
    one = ask(w, "/v1/incidents/1")[1]
    assert [t["step"] for t in until("tasks", lambda: ask(w, "/v1/incidents/1")[1]["tasks"])] \
        == ["ack"]
    assert one["state"] == "open" and one["runs"]
    assert ask(w, "/v1/runs?active=yes")[1]["runs"][0]["playbook"] == "test"
    assert len(ask(w, "/v1/tasks?role=security")[1]["tasks"]) == 2
    assert ask(w, "/v1/agents")[1]["agents"] == []


def who_asks_wrongly_is_told_how_to_ask(w):
    for path, status, words in (
        ("/v1/alerts?colour=red", 400, "it knows: before, limit"),
        ("/v1/alerts?limit=many", 400, "whole number"),
        ("/v1/alerts?limit=100000", 400, "from 1 to 1000"),
        ("/v1/alerts?since=yesterday", 400, "2026-01-31"),
        ("/v1/alerts?severity=hgh", 400, "high"),
        ("/v1/incidents?state=opne", 400, "acknowledged"),
        ("/v1/incidents/4711", 404, "4711"),
        ("/v1/incidents/1x", 404, "/v1/incidents"),
        ("/", 404, "/healthz"),
    ):
        got, answer = ask(w, path)
        assert got == status and words in answer["error"], (path, got, answer)
    got, answer = ask(w, "/v1/alerts", method="DELETE")
    assert got == 405 and "not changed" in answer["error"], answer


def an_incident_has_its_evidence_with_custody(w):
    w.alert()
    until("it is settled", lambda: ask(w, "/v1/incidents")[1]["incidents"])
    db = sqlite3.connect(w.store, timeout=60)
    with db:
        db.execute("INSERT INTO evidence (district, agent, name, parts, have, bytes, custody, arrived,"
                   " alert) SELECT district, agent, ?, 1, 1, 4, ?, arrived, id FROM alerts",
                   ("0" * 32, json.dumps({"frames": 7, "sha256": "ab"})))
        db.execute("INSERT INTO evidence_custody (district, evidence, at, who, what, why)"
                   " SELECT district, id, arrived, 'lincoln-1', 'stored', '' FROM evidence")
    db.close()
    found = ask(w, "/v1/incidents/1")[1]["evidence"]
    assert [e["custody"]["frames"] for e in found] == [7], found
    assert [h["what"] for h in found[0]["history"]] == ["stored"], found
    assert ask(w, "/v1/evidence/1")[1]["history"] == found[0]["history"]
    assert ask(w, "/v1/evidence/2")[0] == 404
    assert ask(w, "/v1/evidence/1", role="principal")[0] == 403
    assert ask(w, "/v1/evidence/1", role="exams-officer")[0] == 403
    db = sqlite3.connect(w.store, timeout=60)
    with db:  # an incident of somebody else's, with an alert of security among it
        db.execute("UPDATE incidents SET owner = 0")
    db.close()
    for person, count in (("duty-security", 1), ("exams-officer", 0)):
        shown = w.hallwatch("incidents", "show", "1", "--json", "--as", person)
        assert len(json.loads(shown)["evidence"]) == count, shown
        assert len(json.loads(shown)["newest_alerts"]) == count, shown
        shown = w.hallwatch("incidents", "show", "1", "--as", person)
        assert shown.count("of alert 1") == count, shown
        assert shown.count("Newest alerts") == count, shown


def alerts_that_were_written_down_are_each_seen_as_the_alert_is(w):
    """The oldest is security's, and says whose the evidence is; one is the privacy officer's."""
    w.alert()
    until("it is settled", lambda: ask(w, "/v1/incidents")[1]["incidents"])
    document = json.dumps({"incident": 1, "alerts": [
        {"id": 1, "owner": "security", "document": {"dest_ip": "192.0.2.1"}},
        {"id": 2, "owner": "privacy-officer", "document": {"dest_ip": "192.0.2.2"}},
        {"id": 3, "owner": "nobody", "document": {"dest_ip": "192.0.2.3"}}]})
    custody = {"kind": "metadata", "alerts": 3,
               "sha256": hashlib.sha256(document.encode()).hexdigest()}
    db = sqlite3.connect(w.store, timeout=60)
    with db:
        db.execute("INSERT INTO evidence (district, agent, name, parts, have, bytes, custody, arrived,"
                   " alert) SELECT district, 'collector', ?, 1, 1, ?, ?, arrived, id FROM alerts",
                   ("0" * 32, len(document), json.dumps(custody)))
        db.execute("INSERT INTO evidence_parts (district, evidence, part, sealed)"
                   " SELECT district, id, 1, ? FROM evidence", (document,))
    db.close()
    said = w.hallwatch("evidence", "get", "1", "--out", w.path("got.json"), "--reason",
                       "counsel asked", "--as", "duty-security")
    assert "3 alerts" in said, said
    with open(w.path("got.json"), encoding="utf-8") as f:
        got = json.load(f)["alerts"]
    assert [a["id"] for a in got] == [1, 2], got
    assert got[0]["document"]["dest_ip"] == "192.0.2.1", got
    assert "dest_ip" not in got[1]["document"], got


def a_role_sees_what_it_may(w):
    w.alert()
    until("it is settled", lambda: ask(w, "/v1/incidents")[1]["incidents"])
    assert ask(w, "/v1/alerts", role="principal")[0] == 403
    assert ask(w, "/v1/agents", role="safety-officer")[0] == 403
    text = json.dumps(ask(w, "/v1/alerts", role="safety-officer")[1])
    assert "malware.example" not in text, text
    assert "malware.example" in json.dumps(ask(w, "/v1/alerts")[1])


def who_may_not_see_the_device_does_not_find_it_either(w):
    """Of the safety officer's alerts the network admin sees what they are, not of whom."""
    w.alert(device="7KQX-M3TA")
    until("it is settled", lambda: ask(w, "/v1/incidents")[1]["incidents"])
    for what in ("alerts", "incidents"):
        assert ask(w, f"/v1/{what}?device=7KQX-M3TA")[1][what] != [], what
    db = sqlite3.connect(w.store, timeout=60)
    with db:
        for table in ("alerts", "incidents", "alert_kinds"):
            db.execute(f"UPDATE {table} SET owner = 2")
    db.close()
    for what in ("alerts", "incidents"):
        assert ask(w, f"/v1/{what}")[1][what][0]["device"] == "", what
        assert ask(w, f"/v1/{what}?device=7KQX-M3TA")[1][what] == [], what
        found = ask(w, f"/v1/{what}?device=7KQX-M3TA", role="safety-officer")[1][what]
        assert found[0]["device"] == "7KQX-M3TA", found


def runs_and_tasks_are_those_of_incidents_that_the_role_may_know_of(w):
    w.alert()
    until("tasks", lambda: ask(w, "/v1/tasks")[1]["tasks"])
    for what in ("runs", "tasks"):
        assert len(ask(w, f"/v1/{what}")[1][what]) == 1, what
        assert ask(w, f"/v1/{what}", role="exams-officer")[1][what] == [], what
        assert ask(w, f"/v1/{what}?incident=1", role="exams-officer")[1][what] == [], what
    db = sqlite3.connect(w.store, timeout=60)
    with db:  # what somebody is to do they may see, whosever the incident is
        db.execute("UPDATE tasks SET role = 4")
    db.close()
    assert ask(w, "/v1/tasks", role="exams-officer")[1]["tasks"][0]["title"] != ""


def who_looked_at_what_is_on_the_audit_record(w):
    ask(w, "/v1/alerts?device=7KQX-M3TA", role="safety-officer")
    ask(w, "/v1/alerts?device=7KQX-M3TA", role="principal")
    rows = w.query("SELECT who, about, detail FROM audit WHERE what = 'api.read'")
    assert rows == [("token:safety-officer", "/v1/alerts", '{"device":"7KQX-M3TA"}')], rows


def figures_are_told_for_prometheus(w):
    w.alert()
    until("the mail went out", lambda: w.mail.to("security@district.example"))

    def figures():
        lines = ask(w, "/metrics")[1].splitlines()
        got = dict(line.rsplit(" ", 1) for line in lines if line[0] != "#")
        return got if got["hallwatch_tasks_waiting"] == "1" and \
            got["hallwatch_outbox_waiting"] == "0" else None
    got = until("the figures", figures)
    assert got['hallwatch_alerts_total{severity="high"}'] == "1"
    assert got['hallwatch_incidents{state="open"}'] == "1"
    assert got['hallwatch_process_starts_total{process="engine"}'] == "1"
    w.kill("engine")
    until("it is started again", lambda: 'starts_total{process="engine"} 2'
          in ask(w, "/metrics")[1])


def rubbish_ends_one_connection_only(w):
    for rubbish in (b"\x00" * 70000, b"GET /" + b"a" * 70000, b"GET / HTTP/1.1\r\n" * 9000):
        with socket.create_connection(("127.0.0.1", w.api), timeout=30) as s:
            try:
                s.sendall(rubbish)
                s.recv(100)
            except ConnectionError:
                pass
    assert ask(w, "/healthz", role=None)[0] == 200
    assert " ended: " not in w.log(), w.log()


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    collector_world.run([(case, asking) for case in (
        health_is_told_to_anybody_and_all_else_to_who_has_a_token,
        figures_are_for_who_may_see_small_numbers,
        pages_follow_each_other,
        filters_choose_what_is_shown,
        who_asks_wrongly_is_told_how_to_ask,
        an_incident_has_its_evidence_with_custody,
        alerts_that_were_written_down_are_each_seen_as_the_alert_is,
        a_role_sees_what_it_may,
        who_may_not_see_the_device_does_not_find_it_either,
        runs_and_tasks_are_those_of_incidents_that_the_role_may_know_of,
        who_looked_at_what_is_on_the_audit_record,
        figures_are_told_for_prometheus,
        rubbish_ends_one_connection_only,
    )])
