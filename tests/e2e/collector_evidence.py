#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The frames around an alert, and those that somebody asks for, from the sensor to whoever may
open them, with an agent and a collector in a network namespace of their own."""

import glob
import json
import os
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import urllib.error
import urllib.request

import collector_world
from collector_world import HALLWATCH, World, until

AGENT = os.path.join(collector_world.BUILD, "bin/hallwatch-agent")
SECURITY, SAFETY, PRINCIPAL = "duty-security", "safety-officer", "principal"
ASKED, HELP_LINE = "wanted-name", "988lifeline"
PORT = 53
CLOSED = 4
DAY = 24 * 3600 * 1_000_000

RULES = """\
schema: 1
ruleset: test
version: 1
rules:
  - id: test.query
    title: A query
    why: To test
    severity: high
    owner: security
    identity: device
    response: {playbook: test, after_hours: page}
    watch: [dns]
    when: dns.qname under "wanted-name.example"
    window: {count: events, by: [src.ip], within: 10m, gte: 2}
    evidence: {pcap: {before: 30s, after: 1s, snaplen: 200}}
"""

LISTS = """\
schema: 1
lists:
  protected: {kind: protected, max_age: 30d, fetched: 2090-01-01, sources: [{file: names.txt}]}
"""


def query(name):
    labels = b"".join(bytes([len(one)]) + one.encode() for one in name.split("."))
    return bytes.fromhex("123401000001000000000000") + labels + bytes.fromhex("0000010001")


class Line(World):
    def __init__(self, keep="payload", ask="true"):
        super().__init__()
        self.agent = None
        for kind in ("agent", "pseudonym", "vault"):
            subprocess.run([HALLWATCH, "keys", "new", kind, self.path("keys")], check=True,
                           capture_output=True)
        with open(self.path("district.yaml"), encoding="utf-8") as f:  # where the devices are
            self.write("district.yaml", f.read().replace("[10.20.0.0/20]",
                                                         "[10.20.0.0/20, 127.0.0.0/8]"))
        self.write("rules.yaml", RULES)
        self.write("names.txt", "988lifeline.org\n")
        self.write("lists.yaml", LISTS)
        subprocess.run([HALLWATCH, "lists", "build", self.path("lists.yaml"), "--out",
                        self.path("lists")], check=True, stdout=subprocess.DEVNULL)
        self.write("collector.yaml", self.settings().replace(
            "rules: [", f"rules: [{self.path('rules.yaml')}, "))
        self.write("agent.yaml", f"""\
name: lincoln-1
site: lincoln
interfaces: [lo]
filter: udp port {PORT}
district: district.yaml
lists: lists
rules: [rules.yaml]
state: {self.path('agent-state')}
user: root
collector: {{addresses: ["127.0.0.1:{self.intake}"], key: keys/collector.pub}}
key: keys/agent.key
vault: keys/vault.pub
pseudonym_key: keys/pseudonym.key
evidence: {{keep: {keep}, ask: {ask}}}
""")
        self.start()
        self.hallwatch("agents", "add", "lincoln-1", "--site", "lincoln",
                       self.path("keys/agent.pub"))
        self.start_agent()

    def start_agent(self):
        with open(self.path("agent.log"), "wb") as log:
            self.agent = subprocess.Popen([AGENT, "-c", self.path("agent.yaml")], stdout=log,
                                          stderr=log, cwd=self.folder)
        until("the sensor watches", lambda: "watching lo" in self.agent_log())

    def stop_agent(self):
        self.agent.terminate()
        self.agent.wait(timeout=60)
        self.agent = None

    def agent_log(self):
        with open(self.path("agent.log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def close(self):
        if self.agent:
            self.stop_agent()
        super().close()

    def ask(self, *names):
        for name in names:  # a conversation each: what is protected takes all of its own along
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.sendto(query(name), ("127.0.0.1", PORT))

    def evidence(self):
        return until("evidence is there", lambda: next(
            (e for e in self.rows() if e["parts"] and e["have"] == e["parts"] and e["alert"]),
            None))

    def rows(self):
        return json.loads(self.hallwatch("evidence", "list", "--json", "--as", SECURITY))

    def get(self, number, *more, fine=True, person=SECURITY):
        return self.hallwatch("evidence", "get", str(number), "--vault",
                              self.path("keys/vault.key"), "--out", self.path("got.pcap"),
                              "--reason", "to see whether it spreads", "--as", person, *more,
                              fine=fine)

    def raise_alert(self):
        self.ask(f"www.{ASKED}.example", f"www.{HELP_LINE}.org", f"w2.{ASKED}.example")
        return self.evidence()


def the_frames_of_an_alert_come_sealed_and_are_opened_with_a_reason(w):
    e = w.raise_alert()
    custody = e["custody"]
    assert custody["frames"] >= 2 and custody["rule"] == "test.query", custody
    stored = w.query("SELECT sealed FROM evidence_parts")
    assert len(stored) == e["parts"]
    said = w.get(e["id"])
    assert f"{custody['frames']} frames" in said, said
    with open(w.path("got.pcap"), "rb") as f:
        data = f.read()
    assert len(data) == custody["bytes"]
    assert ASKED.encode() in data
    assert HELP_LINE.encode() not in data
    assert os.stat(w.path("got.pcap")).st_mode & 0o777 == 0o600
    audit = json.loads(w.hallwatch("audit", "show", "--json"))
    opened = [a for a in audit if a["what"] == "evidence.get"]
    assert len(opened) == 1 and "spreads" in json.dumps(opened[0]), audit


def nobody_without_the_role_or_the_key_or_a_reason_opens_it(w):
    e = w.raise_alert()
    assert "not for your role" in w.get(e["id"], fine=False, person=PRINCIPAL)
    subprocess.run([HALLWATCH, "keys", "new", "vault", w.path("other")], check=True,
                   capture_output=True)
    assert "for another vault key" in w.get(e["id"], "--vault", w.path("other/vault.key"),
                                       fine=False)
    assert "only the public half" in w.get(e["id"], "--vault", w.path("keys/vault.pub"),
                                           fine=False)
    assert "no key file, or one of another kind" in w.get(
        e["id"], "--vault", w.path("keys/pseudonym.key"), fine=False)
    assert "and for frames --vault FILE" in w.hallwatch("evidence", "get", str(e["id"]), "--as", SECURITY,
                                          fine=False)
    assert not os.path.exists(w.path("got.pcap"))


def an_incident_says_what_evidence_there_is(w):
    e = w.raise_alert()
    incident = until("an incident", lambda: w.query("SELECT id FROM incidents"))[0][0]
    page = w.hallwatch("incidents", "show", str(incident), "--as", SECURITY)
    assert f"of alert {e['alert']}: {e['custody']['frames']} frames, kept sealed" in page, page


def what_is_protected_is_on_neither_disk(w):
    w.raise_alert()
    for pattern in ("agent-state/*", "state/*"):
        for path in glob.glob(w.path(pattern)):
            with open(path, "rb") as f:
                assert HELP_LINE.encode() not in f.read(), path


def incident_of(w):
    return str(until("an incident", lambda: w.query("SELECT id FROM incidents"))[0][0])


def ask(w, *more, fine=True, person=SECURITY):
    return w.hallwatch("evidence", "ask", incident_of(w), "--why", "does it call again?", "--for",
                       "4s", "--as", person, *more, fine=fine)


def asked(w, state):
    return until(f"what was asked for is {state}",
                 lambda: next((e for e in w.rows() if e["asked"] == state), None))


def somebody_asks_for_a_device_and_gets_its_frames_and_no_protected_one(w):
    w.raise_alert()
    said = ask(w, "--snaplen", "200")
    assert "agent lincoln-1 is asked for the frames of 127.0.0.1, for 4 s;" in said, said
    asked(w, "taken")
    w.ask("later.other.example", f"www.{HELP_LINE}.org", "last.other.example")
    e = asked(w, "done")
    custody = e["custody"]
    assert custody["asked_for"] and custody["frames"] >= 2, custody
    assert [what for what, _ in history(w, e["id"])] == ["asked", "taken", "stored"]
    w.get(e["id"])
    with open(w.path("got.pcap"), "rb") as f:
        data = f.read()
    assert b"other" in data and HELP_LINE.encode() not in data
    page = w.hallwatch("evidence", "show", str(e["id"]), "--as", SECURITY)
    assert "does it call again?" in page and "127.0.0.1" in page, page
    for pattern in ("agent-state/*", "state/*"):
        for path in glob.glob(w.path(pattern)):
            with open(path, "rb") as f:
                assert HELP_LINE.encode() not in f.read(), path


def who_may_not_ask_or_asks_for_too_much_is_told_why(w):
    w.raise_alert()
    assert "not for your role" in ask(w, fine=False, person=SAFETY)
    assert "needs --why" in w.hallwatch("evidence", "ask", incident_of(w), "--as", SECURITY,
                                        fine=False)
    assert "to an hour" in ask(w, "--for", "2h", fine=False)
    assert "4 MiB" in ask(w, "--max", "9000000", fine=False)
    assert "shows the device 192.0.2.7: nobody else" in ask(w, "--device", "192.0.2.7", fine=False)
    w.hallwatch("incidents", "close", incident_of(w), "--was", "benign", "--reason", "a lesson",
                "--as", SECURITY)
    assert "is closed" in ask(w, fine=False)
    assert all(e["asked"] == "no" for e in w.rows())


def an_agent_that_is_not_there_is_waited_for_and_then_it_is_said(w):
    w.raise_alert()
    w.stop_agent()
    ask(w, "--wait", "2s")
    e = asked(w, "unanswered")
    assert history(w, e["id"])[-1] == ("unanswered", "collector")
    assert "not reached in time" in w.hallwatch("evidence", "list", "--as", SECURITY)
    ask(w)
    asked(w, "waiting")
    w.start_agent()
    e = asked(w, "done")
    assert e["custody"]["frames"] == 0, e
    assert "no frame was seen" in w.hallwatch("evidence", "show", str(e["id"]), "--as", SECURITY)


def lose_power(w):
    """Nobody of the agent has a moment more."""
    os.kill(w.agent.pid, signal.SIGSTOP)
    with open(f"/proc/{w.agent.pid}/task/{w.agent.pid}/children", encoding="ascii") as f:
        for child in f.read().split():
            os.kill(int(child), signal.SIGKILL)
    w.agent.kill()
    w.agent.wait()
    w.agent = None


def what_was_taken_outlives_new_rules_and_is_told_lost_with_the_agent(w):
    w.raise_alert()
    ask(w, "--for", "6s")
    asked(w, "taken")
    w.write("rules.yaml", RULES.replace("version: 1", "version: 2", 1).replace("gte: 2", "gte: 3"))
    os.kill(w.agent.pid, signal.SIGHUP)
    until("the new rules are used", lambda: "uses bundle 2" in w.agent_log())
    w.ask("later.other.example")
    e = asked(w, "done")
    assert e["custody"]["frames"] >= 1 and not e["custody"]["interrupted"], e
    ask(w, "--for", "1h")
    e = asked(w, "taken")
    lose_power(w)
    w.start_agent()
    e = asked(w, "lost")
    assert history(w, e["id"])[-1] == ("lost", "lincoln-1")


def an_agent_that_is_stopped_sends_what_it_has_and_says_that_it_ends_early(w):
    w.raise_alert()
    ask(w, "--for", "1h")
    asked(w, "taken")
    w.ask("later.other.example")
    w.stop_agent()
    e = asked(w, "done")
    assert e["custody"]["frames"] == 1 and e["custody"]["ends_early"], e


def what_no_collector_was_there_to_take_comes_when_the_agent_has_started_again(w):
    w.raise_alert()
    ask(w, "--for", "1h")
    asked(w, "taken")
    w.stop()
    w.ask("later.other.example")
    w.stop_agent()
    w.start()
    assert all(e["asked"] in ("no", "taken") for e in w.rows()), w.rows()
    w.start_agent()
    e = asked(w, "done")
    assert e["custody"]["frames"] == 1 and e["custody"]["ends_early"], e
    w.get(e["id"])


def an_agent_that_does_not_let_people_ask_says_so(w):
    w.raise_alert()
    ask(w)
    e = asked(w, "refused")
    page = w.hallwatch("evidence", "show", str(e["id"]), "--as", SECURITY)
    assert "evidence.ask is false" in page, page


class ClosedLine(Line):
    def __init__(self):
        super().__init__(ask="false")


def close_and_age(w, number, days):
    """Its incident is closed, and it came that long ago; a collector that begins looks."""
    incident = until("an incident", lambda: w.query("SELECT id FROM incidents"))[0][0]
    if w.query("SELECT state FROM incidents")[0][0] != CLOSED:
        w.hallwatch("incidents", "close", str(incident), "--was", "benign", "--reason",
                    "it was a lesson", "--as", SECURITY)
    w.stop()
    db = sqlite3.connect(w.store, timeout=60)
    with db:
        db.execute("UPDATE evidence SET arrived = arrived - ? WHERE id = ?",
                   (days * DAY, number))
    db.close()
    w.start()


def history(w, number):
    shown = json.loads(w.hallwatch("evidence", "show", str(number), "--json", "--as", SECURITY))
    return [(one["what"], one["who"]) for one in shown["history"]]


def evidence_is_deleted_when_its_time_is_over_unless_somebody_holds_it(w):
    number = w.raise_alert()["id"]
    assert "needs --why" in w.hallwatch("evidence", "hold", str(number), "--as", SECURITY,
                                        fine=False)
    assert "does not stand in" in w.hallwatch(
        "evidence", "hold", str(number), "--why", "counsel asked", "--as", SAFETY, fine=False)
    assert "within 400 days" in w.hallwatch(
        "evidence", "hold", str(number), "--why", "x", "--for", "500d", "--as", SECURITY,
        fine=False)
    assert "nobody holds" in w.hallwatch("evidence", "release", str(number), "--why", "early",
                                         "--as", SECURITY, fine=False)
    said = w.hallwatch("evidence", "hold", str(number), "--why", "counsel asked", "--as",
                       SECURITY)
    assert "is not deleted before" in said, said
    assert "held until" in w.hallwatch("evidence", "list", "--as", SECURITY)
    close_and_age(w, number, 31)
    w.get(number)
    os.unlink(w.path("got.pcap"))
    w.hallwatch("evidence", "release", str(number), "--why", "counsel has it", "--as", SECURITY)
    close_and_age(w, number, 0)
    until("it is deleted", lambda: w.query("SELECT count(*) FROM evidence_parts")[0][0] == 0)
    assert history(w, number) == [
        ("stored", "lincoln-1"), ("held", SECURITY), ("opened", SECURITY),
        ("released", SECURITY), ("expired", "collector")]
    page = w.hallwatch("evidence", "show", str(number), "--as", SECURITY)
    assert "kept for 30 days" in page and "counsel asked" in page, page
    assert "has expired" in w.get(number, fine=False)
    assert "has expired" in w.hallwatch("evidence", "hold", str(number), "--why", "late",
                                        "--as", SECURITY, fine=False)
    audit = json.loads(w.hallwatch("audit", "show", "--json"))
    for what in ("evidence.held", "evidence.released", "evidence.expired"):
        assert [a for a in audit if a["what"] == what], (what, audit)
    w.hallwatch("audit", "verify")


# ---- a step of the playbook asks ----

STEP = "  - {id: record, kind: evidence, what: capture, record: 6s, for: 10d, then: page}\n"
BY_STEP = "by the playbook test, step record"
HELPED_PORT = 40988
READERS = {"security": 200, "network-admin": 200, "safety-officer": 200, "privacy-officer": 200,
           "exams-officer": 403, "principal": 403, "governor": 403, "auditor": 403}


class StepLine(Line):
    """Its playbook begins with a capture, and each role has a token for the API."""

    def __init__(self, ask="true"):
        self.tokens = {}
        super().__init__(ask=ask)

    def _write_content(self, within):
        super()._write_content(within)
        with open(self.path("playbooks/test.yaml"), encoding="utf-8") as f:
            playbook = f.read()
        self.write("playbooks/test.yaml", playbook.replace("steps:\n", "steps:\n" + STEP, 1))
        for role in READERS:
            done = subprocess.run([HALLWATCH, "tokens", "add", "--file", self.path("tokens"),
                                   "--role", role, role], capture_output=True, text=True, check=True)
            self.tokens[role] = done.stdout.strip()

    def settings(self):
        return super().settings().replace("api: {listen:", "api: {tokens: tokens, listen:")

    def api_get(self, path, role):
        """Status and answer; nobody's token when the role is None."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.api}{path}")
        if role:
            request.add_header("Authorization", "Bearer " + self.tokens[role])
        try:
            with urllib.request.urlopen(request, timeout=collector_world.PATIENCE) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def talk(self):
        """Of a device that goes on: to whom it calls, and to a help line from a port of its own."""
        self.ask("later.other.example")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", HELPED_PORT))
            s.sendto(query(f"www.{HELP_LINE}.org"), ("127.0.0.1", PORT))

    def of_the_step(self):
        return next((e for e in self.rows() if e["asked"] != "no"), None)

    def talk_until(self, state):
        def there():
            self.talk()
            e = self.of_the_step()
            return e if e and e["asked"] == state else None
        return until(f"what the step asked for is {state}", there)


class ClosedStepLine(StepLine):
    def __init__(self):
        super().__init__(ask="false")


def captured(path):
    """(time in microseconds, length on the wire, bytes) of each frame."""
    with open(path, "rb") as f:
        data = f.read()
    at = 24
    while at < len(data):
        sec, micro, kept, length = struct.unpack_from("<IIII", data, at)
        yield sec * 1_000_000 + micro, length, data[at + 16:at + 16 + kept]
        at += 16 + kept


def a_step_of_the_playbook_asks_the_agent_and_its_frames_come(w):
    w.ask(f"www.{ASKED}.example", f"w2.{ASKED}.example")
    e = w.talk_until("done")
    custody = e["custody"]
    assert custody["asked_for"] and custody["frames"] >= 2 and not custody["ends_early"], e
    assert history(w, e["id"]) == [("asked", "engine"), ("frozen", "engine"), ("taken", "lincoln-1"),
                                   ("stored", "lincoln-1")], history(w, e["id"])
    assert BY_STEP in w.hallwatch("evidence", "show", str(e["id"]), "--as", SECURITY)
    assert f"{custody['frames']} frames" in w.get(e["id"])
    asked_at = w.query("SELECT at FROM evidence_custody WHERE what = 'asked'")[0][0]
    frames = list(captured(w.path("got.pcap")))
    assert len(frames) == custody["frames"]
    assert max(time for time, _, _ in frames) > asked_at
    assert all(len(data) < length for _, length, data in frames)  # headers only
    everything = b"".join(data for _, _, data in frames)
    assert b"other" not in everything and ASKED.encode() not in everything
    assert struct.pack(">HH", HELPED_PORT, PORT) not in everything


def the_api_shows_what_a_step_asked_for_to_who_may_know_of_it(w):
    w.ask(f"www.{ASKED}.example", f"w2.{ASKED}.example")
    number = w.talk_until("done")["id"]
    path = f"/v1/evidence/{number}"
    for role, status in READERS.items():
        got, answer = w.api_get(path, role)
        assert got == status, (role, got, answer)
        if status == 403:
            assert f"({role}) may not see this" in answer["error"], answer
            continue
        assert [h["what"] for h in answer["history"]] == ["asked", "frozen", "taken", "stored"], answer
        assert answer["custody"]["frames"] and answer["asked"] == "done", answer
        assert "127.0.0.1" not in json.dumps(answer), answer
        listed = w.api_get("/v1/evidence", role)[1]["evidence"]
        assert answer in listed, (role, listed)
    assert w.api_get(path, None)[0] == 401
    assert w.api_get("/v1/evidence", None)[0] == 401
    assert w.api_get("/v1/evidence", "exams-officer") == (200, {"evidence": [], "next": None})
    assert w.api_get("/v1/evidence", "principal")[0] == 403
    one = w.api_get("/v1/evidence?limit=1", "security")[1]
    rest = w.api_get("/v1/evidence?" + one["next"], "security")[1]
    every = w.api_get(f"/v1/evidence?incident={incident_of(w)}", "security")[1]["evidence"]
    assert one["evidence"] + rest["evidence"] == every and len(every) > 1, (one, rest, every)
    looked = {who for who, in w.query("SELECT who FROM audit WHERE what = 'api.read' AND about = ?",
                                      path)}
    assert looked == {f"token:{role}" for role, status in READERS.items() if status == 200}, looked


def an_agent_that_lets_nobody_ask_refuses_a_step_and_the_run_goes_on(w):
    w.ask(f"www.{ASKED}.example", f"w2.{ASKED}.example")
    number = w.talk_until("refused")["id"]
    w.task(SECURITY, "ack")
    answer = w.api_get(f"/v1/evidence/{number}", "security")[1]
    assert [h["what"] for h in answer["history"]] == ["asked", "frozen", "refused"], answer
    assert "evidence.ask is false" in json.dumps(answer["history"]), answer


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("1..0 # SKIP only root may listen on an interface")
        sys.exit(0)
    if "HALLWATCH_ALONE" not in os.environ:  # nobody else's traffic, and ours to nobody
        os.environ["HALLWATCH_ALONE"] = "yes"
        os.execvp("unshare", ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh",
                              sys.executable, *sys.argv])
    collector_world.run([(case, Line) for case in (
        the_frames_of_an_alert_come_sealed_and_are_opened_with_a_reason,
        nobody_without_the_role_or_the_key_or_a_reason_opens_it,
        an_incident_says_what_evidence_there_is,
        what_is_protected_is_on_neither_disk,
        evidence_is_deleted_when_its_time_is_over_unless_somebody_holds_it,
        somebody_asks_for_a_device_and_gets_its_frames_and_no_protected_one,
        who_may_not_ask_or_asks_for_too_much_is_told_why,
        an_agent_that_is_not_there_is_waited_for_and_then_it_is_said,
        what_was_taken_outlives_new_rules_and_is_told_lost_with_the_agent,
        an_agent_that_is_stopped_sends_what_it_has_and_says_that_it_ends_early,
        what_no_collector_was_there_to_take_comes_when_the_agent_has_started_again,
    )] + [
        (an_agent_that_does_not_let_people_ask_says_so, ClosedLine),
        (a_step_of_the_playbook_asks_the_agent_and_its_frames_come, StepLine),
        (the_api_shows_what_a_step_asked_for_to_who_may_know_of_it, StepLine),
        (an_agent_that_lets_nobody_ask_refuses_a_step_and_the_run_goes_on, ClosedStepLine),
    ])
