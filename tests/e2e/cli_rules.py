#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""hallwatch rules: check, with the agent and the playbooks beside it; diff; doc; cost; import;
and where each command tells faults."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "lab"))

import tap  # noqa: E402  (it stands beside the lab)

HALLWATCH = os.path.join(os.path.abspath(os.environ.get("BUILD", os.path.join(TOP, "build"))),
                         "bin", "hallwatch")
RULE = """\
schema: 1
ruleset: mine
version: 1
rules:
  - id: mine.query
    title: A query
    why: To test
    severity: low
    owner: security
    watch: [dns]
    when: dns.qr == "query"
    response: {playbook: rouge-device}
"""


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hallwatch-e2e-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.makedirs(self.path("site/rules/mine"))
        self.rules = self.write("site/rules/mine/r.yaml", RULE)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def check(self, *args, cwd=None):
        done = subprocess.run([HALLWATCH, "rules", "check", *args], capture_output=True,
                              text=True, cwd=cwd or self.folder, check=False)
        return done.returncode, done.stdout + done.stderr

    def shelve(self, where):
        shutil.copytree(os.path.join(TOP, "rules/playbooks"), self.path(where))

    def test_where_there_are_no_playbooks_nothing_is_said_of_them(self):
        code, out = self.check(self.rules)
        self.assertEqual(code, 0, out)
        self.assertNotIn("playbook", out)

    def test_a_playbook_that_is_not_there_is_named_with_the_nearest(self):
        self.shelve("elsewhere")
        code, out = self.check("--playbooks", "elsewhere", "site/rules/mine/r.yaml")
        self.assertEqual(code, 1, out)
        self.assertIn('r.yaml:12:26: error[E0716]: rule mine.query leads to the playbook '
                      '"rouge-device", which is not there', out)
        self.assertIn('did you mean "rogue-device"?', out)

    def test_playbooks_beside_the_rules_are_found(self):
        for where in "site/rules/mine/playbooks", "site/rules/playbooks", "site/playbooks":
            self.shelve(where)
            for path, cwd in ((self.rules, None), ("site/rules", None),
                              ("r.yaml", "site/rules/mine"), (".", "site/rules/mine"),
                              ("mine", "site/rules")):
                code, out = self.check(path, cwd=cwd and self.path(cwd))
                self.assertEqual((code, "E0716" in out), (1, True), (where, path, out))
            shutil.rmtree(self.path(where))

    def test_a_playbook_that_is_there_is_fine(self):
        self.shelve("site/rules/playbooks")
        self.write("site/rules/mine/r.yaml", RULE.replace("rouge", "rogue"))
        code, out = self.check(self.rules)
        self.assertEqual(code, 0, out)
        self.assertIn("1 rule, version", out)

    def test_playbooks_that_cannot_be_read_are_a_warning(self):
        os.mkdir(self.path("site/rules/playbooks"))
        self.write("site/rules/playbooks/p.yaml", "schema: 1\nplaybok: x\n")
        code, out = self.check(self.rules)
        self.assertEqual(code, 0, out)
        self.assertIn("warning[W0716]", out)
        self.assertIn("hallwatch playbooks check", out)

    def test_the_shipped_rules_have_their_playbooks(self):
        code, out = self.check()
        self.assertEqual(code, 0, out)
        self.assertNotIn("W0732", out)

    def test_a_rule_that_alerts_without_a_playbook_is_a_warning(self):
        none = RULE.replace("    response: {playbook: rouge-device}\n", "")
        self.write("site/rules/mine/r.yaml", none)
        code, out = self.check(self.rules)
        self.assertEqual(code, 0, out)
        self.assertIn("r.yaml:5:5: warning[W0732]: rule mine.query leads to no playbook", out)
        self.write("site/rules/mine/r.yaml", none + "    mode: shadow\n")
        self.assertNotIn("W0732", self.check(self.rules)[1])

    def test_who_does_as_one_fault_says_is_not_told_of_another(self):
        self.write("site/rules/mine/r.yaml", RULE.replace("watch:", "at: collector\n    watch:"))
        hint = re.sub(r"\s+", " ", self.check(self.rules)[1].split("E0541")[1])
        severity, response = re.search(r"severity: (\w+) and (response: {.*?})", hint).groups()
        self.shelve("site/rules/playbooks")
        self.write("site/rules/mine/r.yaml",
                   RULE.replace("severity: low", f"severity: {severity}").replace(
                       "response: {playbook: rouge-device}",
                       response.replace("NAME", "rogue-device")))
        code, out = self.check(self.rules)
        self.assertEqual((code, "warning" in out), (0, False), out)

    def test_an_event_is_explained_from_a_file_or_as_it_was_copied(self):
        event = json.dumps({"timestamp": "2026-11-23T16:00:00.000000+0000",
                            "event_type": "alert",
                            "hallwatch": {"event": "dns", "rule": "mine.query"},
                            "dns": {"type": "query", "rrname": "a.example"}})
        seen = [subprocess.run([HALLWATCH, "rules", "explain", word, self.rules],
                               input=event + "\n", capture_output=True, text=True, check=False)
                for word in ("-", event)]
        for done in seen:
            self.assertEqual((done.returncode, done.stdout.split("\n")[0]),
                             (0, "mine.query: matches"), done.stdout + done.stderr)

    def test_what_the_agent_says_of_echoes_and_within_tunnels_can_be_explained(self):
        agent = os.path.join(os.path.dirname(HALLWATCH), "hallwatch-agent")
        for name in "ping-sweep", "vxlan-servers":
            capture = os.path.join(TOP, "tests/golden", name + ".pcap")
            events = subprocess.run([agent, "-r", capture, "--events", "all"],
                                    capture_output=True, text=True, check=True).stdout
            done = subprocess.run([HALLWATCH, "rules", "explain", "-", self.rules],
                                  input=events, capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_capture_without_rules_is_read_and_said_to_be_judged_by_none(self):
        agent = os.path.join(os.path.dirname(HALLWATCH), "hallwatch-agent")
        capture = os.path.join(TOP, "tests/golden/ftp-login.pcap")
        for more, said in (((), True), (("--events", "dns"), False), (("--stats",), False)):
            done = subprocess.run([agent, "-r", capture, *more], capture_output=True,
                                  text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual("no rules are loaded" in done.stderr and
                             "--rules PATH" in done.stderr, said, done.stderr)

    def test_what_rules_require_of_ndpi_is_held_against_the_agents(self):
        self.write("site/rules/mine/r.yaml",
                   RULE.replace("rules:", 'requires: {agent: ">=0.1", ndpi: ">=99"}\nrules:'))
        code, out = self.check(self.rules)
        self.assertEqual(code, 1, out)
        self.assertIn("r.yaml:4:34: error[E0519]: these rules need nDPI 99, this is 4.", out)


class Output(unittest.TestCase):
    """What is printed and cannot be written."""

    def test_it_is_said_and_the_exit_code_is_1(self):
        beside = os.path.dirname(HALLWATCH)
        for program, *args in (
                ("hallwatch", "rules", "doc"), ("hallwatch", "rules", "fields"),
                ("hallwatch", "rules", "check"), ("hallwatch", "--help"),
                ("hallwatch", "playbooks", "show", "rogue-device", "--html"),
                ("hallwatch-collector", "--help-options"), ("hallwatch-agent", "--version"),
                ("hallwatch-agent", "--events", "all", "-r",
                 os.path.join(TOP, "tests/golden/ftp-login.pcap"))):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([os.path.join(beside, program), *args], stdout=full,
                                      stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual(done.returncode, 1, (program, args, done.stderr))
            self.assertIn(f"{program}: what it prints could not be written", done.stderr)

    def test_a_reader_that_has_seen_enough_is_no_fault(self):
        done = subprocess.run(["bash", "-c", '"$0" rules doc | head -n 1', HALLWATCH],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.stdout.count("\n"), done.stderr), (1, ""))


RICH = RULE.replace("severity: low", "severity: {primary: low, middle: high}").replace(
    'when: dns.qr == "query"', "when: asks and host under $bad").replace("rouge", "rogue") + """\
lists: {bad: {type: domain, items: [a.test, b.test]}}
macros: {asks: 'dns.qr == "query"'}
"""


OVERLAY = """\
schema: 1
overlay_of: mine
site: [lincoln, oak]
set:
  - {rule: mine.query, severity: {senior: critical}, until: 2027-01-31, owner: lead, why: a wave}
disable:
  - {rule: mine.query, until: 2027-03-20, owner: lead, why: the move}
"""


BELLS = """\
test_time: {tz: America/Chicago}
tests:
""" + "".join(f"""\
  - name: {site} at {start}
    rule: operations.games-in-lessons
    start: 2026-11-04T{start}:00Z
    generate:
      count: 15
      every: 10s
      event: {{kind: flow, host: www.games.drill.test, flow.bytes_in: 90000, device: "10.20.0.${{n}}",
              site.id: {site}, segment.name: students, segment.audience: students, direction: outbound}}
    expect: {{alerts: {alerts}}}
""" for site, start, alerts in (
    ("lincoln", "14:12", 1), ("lincoln", "14:56", 0), ("lincoln", "18:10", 0),
    ("oak", "18:10", 1), ("lincoln", "15:10", 1)))


def examples(page, section):
    """What stands there between .Bd and .Ed, as people read it."""
    with open(os.path.join(TOP, "docs", page), encoding="utf-8") as f:
        text = f.read().split(f".Sh {section}\n")[1].split("\n.Sh ")[0]
    return [part.split(".Ed")[0].split("\n", 1)[1] for part in text.split(".Bd ")[1:]]


class Bells(unittest.TestCase):
    """The manual's example of a school with its own lessons, over the shipped rules."""

    setUp, path, write = Check.setUp, Check.path, Check.write

    def test_a_school_goes_by_its_own_bells_and_others_by_the_shipped_hours(self):
        schedules, overlay = examples("hallwatch-rules.5", "SCHEDULES")
        lists = self.path("lists.db")
        subprocess.run([HALLWATCH, "lists", "build", "--out", lists,
                        os.path.join(TOP, "rules/lists/lists.yaml")], capture_output=True, check=True)
        done = subprocess.run(
            [HALLWATCH, "rules", "test", "--lists", lists, self.write("bells.yaml", schedules),
             self.write("lincoln.yaml", overlay + BELLS), os.path.join(TOP, "rules/detect"),
             "--district", os.path.join(TOP, "deploy/examples/district.yaml")],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])


class Diff(unittest.TestCase):
    setUp, path, write = Check.setUp, Check.path, Check.write

    def diff(self, old, new, *args):
        done = subprocess.run([HALLWATCH, "rules", "diff", *args, self.write("old.yaml", old),
                               self.write("new.yaml", new)], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_what_only_looks_different_is_the_same(self):
        out = self.diff(RICH, RICH.replace("title: A query", "title:   A query  # note"))
        self.assertEqual(out, "0 added, 0 removed, 0 changed, 1 the same\n")

    def test_a_severity_is_told_for_its_age_band(self):
        out = self.diff(RICH, RICH.replace("primary: low", "primary: medium"))
        self.assertIn("severity (primary): low -> medium\n0 added", out)

    def test_lists_and_macros_are_told_at_the_rule_that_uses_them(self):
        out = self.diff(RICH, RICH.replace("a.test, b.test", "b.test, c.test, d.test")
                        .replace('\'dns.qr == "query"', '\'dns.qr == "answer"'))
        self.assertIn('macro asks, which it uses: dns.qr == "query" -> dns.qr == "answer"', out)
        self.assertIn("list $bad: 2 entries -> 3 entries: 2 added, 1 removed", out)

    def test_a_rule_with_another_id_went_and_came(self):
        out = self.diff(RICH, RICH.replace("mine.query", "mine.other"))
        self.assertIn("added mine.other: A query\nremoved mine.query: A query\n1 added", out)

    def local_diff(self, old_overlay, new_overlay):
        for side, overlay in (("old", old_overlay), ("new", new_overlay)):
            os.makedirs(self.path(side), exist_ok=True)
            self.write(f"{side}/r.yaml", RULE)
            if overlay:
                self.write(f"{side}/o.yaml", overlay)
        done = subprocess.run([HALLWATCH, "rules", "diff", self.path("old"), self.path("new")],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_a_local_change_is_told_with_its_site_and_its_last_day(self):
        out = self.local_diff(None, OVERLAY)
        self.assertEqual(out.count("changed mine.query"), 1)
        for line in ("severity (senior), at oak until 2027-01-31: low -> critical\n",
                     "mode, at lincoln until 2027-01-31: not set -> disabled\n",
                     "mode, at lincoln from 2027-02-01 until 2027-03-20: not set -> disabled\n"):
            self.assertIn(line, out)
        self.assertIn("0 added, 0 removed, 1 changed, 0 the same\n", out)

    def test_a_local_change_that_ends_another_day_is_told(self):
        out = self.local_diff(OVERLAY, OVERLAY.replace("2027-03-20", "2027-04-30"))
        self.assertEqual(out, "changed mine.query: A query\n" + "".join(
            f"    {gone}mode, at {site} from 2027-02-01 until {day}: {what}\n"
            for gone, day, what in (("no longer ", "2027-03-20", "disabled -> not set"),
                                    ("", "2027-04-30", "not set -> disabled"))
            for site in ("lincoln", "oak")) + "0 added, 0 removed, 1 changed, 0 the same\n")

    def test_the_same_local_changes_are_the_same(self):
        self.assertEqual(self.local_diff(OVERLAY, OVERLAY.replace("a wave", "a flood")),
                         "0 added, 0 removed, 0 changed, 1 the same\n")

    def test_over_a_capture_alerts_are_counted(self):
        rule = RICH.replace(" and host under $bad", "").split("lists:")[0] + \
            "macros: {asks: 'dns.qr == \"query\"'}\n"
        other = rule.replace("id: mine.query", "id: mine.other")
        out = json.loads(self.diff(rule, other, "--json", "--pcap",
                                   os.path.join(TOP, "tests/golden/browsing.pcap")))
        rows = {r["rule"]: r for r in out["alerts"]}
        self.assertGreater(rows["mine.query"]["only_old"], 0)
        self.assertEqual(rows["mine.query"]["only_old"], rows["mine.other"]["only_new"])


class Doc(unittest.TestCase):
    setUp, path, write = Check.setUp, Check.path, Check.write

    def doc(self, *args):
        done = subprocess.run([HALLWATCH, "rules", "doc", *args], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_what_is_wrong_with_the_rules_is_no_part_of_the_page(self):
        done = subprocess.run([HALLWATCH, "rules", "doc",
                               self.write("r.yaml", RULE.replace("dns.qr", "dns.qrr"))],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("error[E0210]", done.stderr)

    def test_a_rule_is_told_in_words(self):
        out = self.doc(self.write("r.yaml", RICH))
        for part in ("## By who acts first", "* [mine.query: A query](#mine.query)",
                     "**Severity:** no age band: high, primary: low, middle: high",
                     "* host (name of the called host: ", ") is a name of, or below, the list bad",
                     "* bad: 2 entries, in the rule file"):
            self.assertIn(part, out)

    def test_a_rule_with_local_changes_stands_once_and_says_them(self):
        os.makedirs(self.path("rules"))
        self.write("rules/r.yaml", RULE)
        self.write("rules/o.yaml", OVERLAY)
        out = self.doc(self.path("rules"))
        self.assertEqual(out.count("### A query (mine.query)"), 1)
        self.assertEqual(out.count("* [mine.query: A query](#mine.query)"), 2)
        self.assertIn("1 rule, version", out)
        self.assertIn("**Severity:** low", out)
        self.assertIn("**Changed here:**\n\n"
                      "* severity, at lincoln, oak, up to 2027-01-31 (lead: a wave)\n"
                      "* disabled, at lincoln, oak, up to 2027-03-20 (lead: the move)\n", out)

    def test_where_it_holds_and_what_is_counted_are_told(self):
        more = ("    scope: {segments: [lab, shop], not_audiences: [staff]}\n"
                "    window: {regular: {times: 20, jitter: 15%, from: 30s, to: 1h},"
                " by: [device], within: 24h}\n    when: ")
        out = self.doc(self.write("r.yaml", RULE.replace("    when: ", more)))
        self.assertIn("**Only in:** segments lab, shop; not audiences staff\n", out)
        self.assertIn("**Only when there are:** at least 20 events in a row at even times (30 s "
                      "to 1 h apart, 15 % off at most) for each device, within 1 d\n", out)

    def test_what_a_rule_says_is_no_mark_of_the_page(self):
        path = self.write("r.yaml", RICH.replace("title: A query",
                                                 "title: '<script>*a* [b](c)</script>'"))
        self.assertIn("&lt;script&gt;*a*", self.doc("--format", "html", path))
        self.assertNotIn("<script", self.doc("--format", "html", path))
        self.assertIn(r"\<script\>\*a\* \[b\](c)\</script\>", self.doc(path))

    def test_the_shipped_rules_give_the_same_page_twice(self):
        self.assertEqual(self.doc("--format", "html"), self.doc("--format", "html"))


class Cost(unittest.TestCase):
    setUp, path, write = Check.setUp, Check.path, Check.write

    def cost(self, *args):
        done = subprocess.run([HALLWATCH, "rules", "cost", "--json", *args],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_counts_over_a_capture_are_the_same_in_each_run(self):
        capture = os.path.join(TOP, "tests/golden/browsing.pcap")
        runs = [self.cost("--pcap", capture) for _ in range(2)]
        counts = [{r["rule"]: (r["evaluated"], r["asked"], r["hits"], r["keys_peak"])
                   for r in run["rules"]} for run in runs]
        self.assertEqual(counts[0], counts[1])
        self.assertGreater(runs[0]["events"], 100)

    def test_without_a_capture_the_rules_own_tests_are_the_events(self):
        path = self.write("r.yaml", RICH + """\
tests:
  - name: three queries
    generate: {count: 3, every: 1s, event: {kind: dns, dns.qr: query, dns.qname: x.a.test}}
    expect: {alerts: 3}
""")
        out = self.cost(path)
        self.assertEqual((out["events"], out["rules"][0]["hits"]), (3, 3))


SIGMA = """\
title: A query for a made-up name
author: Nobody
logsource: {category: dns}
detection:
    selection: {query|endswith: .evil.test}
    condition: selection
level: high
"""


class Import(unittest.TestCase):
    setUp, path, write = Check.setUp, Check.path, Check.write

    def run_import(self, *args):
        done = subprocess.run([HALLWATCH, "rules", "import", *args], capture_output=True,
                              text=True, cwd=self.folder, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_what_is_translated_passes_the_check_and_is_in_shadow_mode(self):
        self.write("s.yml", SIGMA)
        code, _, err = self.run_import("--out", "out.yaml", "--owner", "network-admin",
                                       "--playbook", "rogue-device", "s.yml")
        self.assertEqual((code, "1 translated, 0 refused" in err), (0, True), err)
        with open(self.path("out.yaml"), encoding="utf-8") as f:
            text = f.read()
        for part in ("mode: shadow", "owner: network-admin", "playbook: rogue-device",
                     'author: "Nobody"'):
            self.assertIn(part, text)
        done = subprocess.run([HALLWATCH, "rules", "check", "out.yaml"], cwd=self.folder,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_what_cannot_be_said_is_told_with_its_place(self):
        self.write("s.yml", SIGMA)
        self.write("t.yml", SIGMA.replace("query|", "answer|"))
        code, out, err = self.run_import("s.yml", "t.yml")
        self.assertEqual(code, 3, err)
        self.assertIn('t.yml:5:17: error[E0532]: a sensor cannot answer for the field: "answer"',
                      err)
        self.assertEqual(out.count("- id: "), 1)
        code, out, _ = self.run_import("--json", "t.yml")
        self.assertEqual((code, json.loads(out)["rules"][0]["outcome"]), (1, "refused"))


class Streams(unittest.TestCase):
    """Where something else than faults is asked for, faults are no part of it."""

    setUp, path, write = Check.setUp, Check.path, Check.write

    def refused(self, *args, says="error[E0210]"):
        done = subprocess.run([HALLWATCH, *args], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertIn(says, done.stderr)
        return done.stderr

    def test_faults_of_rules_are_on_standard_error(self):
        bad = self.write("bad.yaml", RULE.replace("dns.qr", "dns.qrr"))
        good = self.write("good.yaml", RULE)
        capture = os.path.join(TOP, "tests/golden/ftp-login.pcap")
        for args in (("cost", bad), ("cost", "--json", bad), ("diff", good, bad),
                     ("diff", bad, good), ("diff", "--json", good, bad),
                     ("replay", capture, bad), ("replay", "--json", capture, bad),
                     ("explain", "{}", bad), ("explain", "--json", "{}", bad), ("doc", bad)):
            self.refused("rules", *args)

    def test_a_capture_that_is_not_there_has_not_no_alerts(self):
        self.refused("rules", "replay", self.path("none.pcap"), self.write("r.yaml", RULE),
                     says="none.pcap")

    def test_a_line_that_is_no_event_is_told_beside_what_the_others_are(self):
        event = json.dumps({"kind": "dns", "dns.qr": "query"})
        done = subprocess.run([HALLWATCH, "rules", "explain", "-", self.write("r.yaml", RULE)],
                              input=event + "\nno event\n", capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertTrue(done.stdout.startswith("mine.query: matches"), done.stdout)
        self.assertNotIn("error", done.stdout)
        self.assertIn("-:2:1: error[E0116]: not JSON", done.stderr)

    def test_faults_of_playbooks_are_on_standard_error(self):
        os.mkdir(self.path("playbooks"))
        self.write("playbooks/p.yaml", "schema: 1\nplaybok: x\n")
        for more in (), ("x",), ("--json", "x"):
            self.refused("playbooks", "show", "--folder", self.path("playbooks"), *more,
                         says="playbok")

    def test_faults_of_settings_and_of_the_district_are_on_standard_error(self):
        bad = self.write("bad.yaml", "schema: 1\nnosuchkey: x\n")
        self.refused("actions", "test", "--config", bad, "mail", "a@b.example",
                     says="nosuchkey")
        self.refused("incidents", "list", "--district", bad, says="nosuchkey")
        self.refused("lists", "fetch", "--config", bad, says="nosuchkey")

    def test_what_is_asked_what_is_wrong_answers_on_standard_output(self):
        bad = self.write("bad.yaml", RULE.replace("dns.qr", "dns.qrr"))
        for command in "check", "test":
            done = subprocess.run([HALLWATCH, "rules", command, "--format", "json", bad],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (1, ""))
            self.assertIn("E0210", json.dumps(json.loads(done.stdout)))


if __name__ == "__main__":
    tap.main()
