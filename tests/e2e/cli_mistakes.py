#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What people mistype: a folder, a name, a file of another kind, options that don't go together.
Each is said in a sentence, and told by the exit code."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "lab"))

import tap  # noqa: E402  (it stands beside the lab)

BIN = os.path.join(os.path.abspath(os.environ.get("BUILD", os.path.join(TOP, "build"))), "bin")
DISTRICT = os.path.join(TOP, "deploy/examples/district.yaml")
LISTS = os.path.join(TOP, "rules/lists/lists.yaml")
CAPTURE = os.path.join(TOP, "tests/golden/ftp-login.pcap")
FAULT, USAGE = 1, 2


class Mistakes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hallwatch-e2e-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def run_it(self, program, *args, text=""):
        done = subprocess.run([os.path.join(BIN, program), *args], input=text,
                              capture_output=True, text=True, cwd=self.folder, check=False)
        return done.returncode, done.stdout, done.stderr

    def says(self, code, words, *args, text=""):
        """What it printed, both streams."""
        got, out, err = self.run_it(*args, text=text)
        self.assertEqual(got, code, out + err)
        self.assertIn(words, out + err)
        return out + err


class Lists(Mistakes):
    def test_a_folder_of_toulouse_that_is_not_there_is_one_error_and_builds_nothing(self):
        said = self.says(FAULT, "error[E0426]", "hallwatch", "lists", "build", "--out", "l.db",
                         "--ut1", "nout1", LISTS)
        self.assertIn("nout1: ", said)
        self.assertIn("1 error in 1 file", said)
        self.assertFalse(os.path.exists(self.path("l.db")))

    def test_what_was_built_with_that_folder_stays_and_it_is_named(self):
        os.makedirs(self.path("ut1/vpn"))
        self.write("ut1/vpn/domains", "a.test\n")
        self.write("lists.yaml", "schema: 1\nlists:\n"
                   "  a: {kind: black, sources: [{form: ut1, file: vpn}]}\n")
        build = ("hallwatch", "lists", "build", "--out", "l.db", "--ut1")
        self.says(0, "a ", *build, "ut1", "lists.yaml")
        said = self.says(3, "warning[W0426]", *build, "nout1", "lists.yaml")
        self.assertIn("1 list stays as it was", said)
        self.assertIn("a.test: a (black)", self.says(0, "", "hallwatch", "lists", "query", "--lists",
                                                     "l.db", "a.test"))

    def test_a_file_of_another_kind_is_not_called_damaged(self):
        for args in (("hallwatch", "lists", "query", "--lists", LISTS, "a.test"),
                     ("hallwatch", "lists", "show", "--lists", "/etc/passwd"),
                     ("hallwatch-agent", "-r", CAPTURE, "--lists", LISTS)):
            said = self.says(FAULT, "it is no file of compiled lists", *args)
            self.assertNotIn("anew", said)

    def test_one_bad_value_does_not_hide_the_others(self):
        self.write("lists.yaml", "schema: 1\nlists: {a: {kind: black, sources: [{file: a.txt}]}}\n")
        self.write("a.txt", "a.test\n")
        self.says(0, "", "hallwatch", "lists", "build", "--out", "l.db", "lists.yaml")
        said = self.says(FAULT, '"evil..x" is no host name, address or fingerprint', "hallwatch",
                         "lists", "query", "--lists", "l.db", "a.test", "evil..x", "b.test")
        self.assertIn("a.test: a (black)", said)
        self.assertIn("b.test: on no list", said)

    def test_what_is_wrong_with_a_network_is_said(self):
        self.write("lists.yaml", "schema: 1\nlists:\n"
                   "  n: {kind: black, type: cidr, sources: [{file: n.txt}]}\n"
                   "  z: {kind: black, sources: [{form: rpz, file: z.txt}]}\n")
        self.write("n.txt", "0.0.0.0/0\n10.1.2.3/8\n2001:db8::1/112\nx\n192.0.2.0/24\n")
        self.write("z.txt", "32.1.2.0.192.rpz-ip CNAME .\nbad.test CNAME .\n")
        said = self.says(0, "", "hallwatch", "lists", "build", "--out", "l.db", "lists.yaml")
        for words in ('"0.0.0.0/0" holds every address there is',
                      '"10.1.2.3/8" names an address inside a network: the network is 10.0.0.0/8',
                      "the network is 2001:db8::/112", '"x" is no address or network',
                      "1 line about addresses or name servers (rpz-ip, rpz-nsdname) is left out"):
            self.assertIn(words, said)


class Options(Mistakes):
    def test_options_that_would_be_ignored_are_refused(self):
        for words, *args in (
                ("--config is for watching", "hallwatch-agent", "-c", "a.yaml", "-r", CAPTURE),
                ("--check is for watching", "hallwatch-agent", "-r", CAPTURE, "--check"),
                ("--stats is for --read", "hallwatch-agent", "-c", "a.yaml", "--stats"),
                ("at most 26", "hallwatch", "rules", "shadow", "--weeks", "99"),
                ("--rules is for --coverage", "hallwatch", "district", "check", "--rules", "/none",
                 DISTRICT)):
            self.says(USAGE, words, *args)

    def test_a_site_that_there_is_not_is_told_wherever_it_is_given(self):
        for args in (("hallwatch-agent", "-r", CAPTURE, "--district", DISTRICT, "--stats"),
                     ("hallwatch", "rules", "check", "-d", DISTRICT)):
            said = self.says(FAULT, "error[E0907]", *args, "--site", "lincon")
            self.assertIn('did you mean "lincoln"?', said)

    def test_each_assignment_is_shown_with_its_own_fault(self):
        self.write("agent.yaml", f"interfaces: [lo]\nrules: [{TOP}/rules/detect]\nstate: s\n")
        agent = ("hallwatch-agent", "-c", "agent.yaml", "--check")
        said = self.says(USAGE, "--set sensors=abc:1:1: error", *agent, "--set", "sensors=abc",
                         "--set", "filter=foo bar", "--set", "flows=xyz")
        for words in ("    1 | abc\n", "    1 | xyz\n", "--set flows=xyz:1:1: error",
                      '--set filter=foo bar: error[E0917]: filter "foo bar"'):
            self.assertIn(words, said)
        self.says(FAULT, '--set interfaces=none9: error[E0904]', *agent, "--set",
                  "interfaces=none9")

    def test_a_folder_for_evidence_that_is_not_there_is_told_at_once(self):
        self.says(FAULT, "none cannot be written to: No such file", "hallwatch-agent", "-r", CAPTURE,
                  "--stats", "--evidence", "none")

    def test_help_of_the_scripts_does_nothing_else(self):
        for script in "check", "demo":
            done = subprocess.run([os.path.join(TOP, "deploy", script), "--help"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout.count("\n")), (0, 1), done.stderr)
            self.assertIn(f"Usage: deploy/{script}", done.stdout)


class Rules(Mistakes):
    RULE = ("schema: 1\nruleset: mine\nversion: 1\nrules:\n  - id: mine.query\n    title: A query\n"
            "    why: To test\n    severity: low\n    owner: security\n    watch: [dns]\n"
            "    mode: shadow\n    when: {}\n")

    def test_an_unknown_field_is_named_beside_what_does_not_parse(self):
        rule = self.write("r.yaml", self.RULE.format('dns.qnam under "example.com" an dns.qtype = 5'))
        said = self.says(FAULT, "expected and, or, or the end", "hallwatch", "rules", "check", rule)
        self.assertIn('error[E0210]: unknown field "dns.qnam"', said)
        self.assertIn('did you mean "dns.qname"?', said)

    def test_what_is_no_event_is_not_explained_by_what_nobody_wrote(self):
        rule = self.write("r.yaml", self.RULE.format('dns.qr == "query"'))
        said = self.says(FAULT, 'it has neither "kind" nor "event_type"', "hallwatch", "rules",
                         "explain", "-", rule, text='{"foo":1}\n')
        self.assertNotIn(":2:", said)

    def test_import_overwrites_nothing_and_says_why_there_is_nothing(self):
        self.write("empty.yml", "")
        self.write("there.yaml", "mine\n")
        self.says(FAULT, "there.yaml: it is there already", "hallwatch", "rules", "import", "--out",
                  "there.yaml", "empty.yml")
        with open(self.path("there.yaml"), encoding="utf-8") as f:
            self.assertEqual(f.read(), "mine\n")
        self.says(FAULT, "empty.yml: error[E0530]: there is no rule in it", "hallwatch", "rules",
                  "import", "empty.yml")
        self.says(USAGE, "there are network-admin security", "hallwatch", "rules", "import",
                  "--owner", "foo", "empty.yml")

    def test_a_capture_that_is_not_there_has_not_no_alerts(self):
        self.assertNotIn("No alerts", self.says(FAULT, "none.pcap", "hallwatch", "rules", "replay",
                                                "none.pcap"))


class Playbooks(Mistakes):
    def test_a_role_that_does_a_step_and_approves_it_is_told_of_once(self):
        with open(DISTRICT, encoding="utf-8") as f:
            text = f.read()
        hole = self.write("d.yaml", text.replace(
            "    escalation: [deputy-safety-officer, principal]\n"
            "    last_responder: emergency-line\n", ""))
        said = self.says(0, "filter-bypass.yaml", "hallwatch", "playbooks", "check", "--district",
                         hole, os.path.join(TOP, "rules/playbooks"))
        places = [line for line in said.splitlines() if "warning[W0709]" in line]
        self.assertTrue(places)
        self.assertEqual(len(places), len(set(places)), said)


class Store(Mistakes):
    def setUp(self):
        super().setUp()
        self.says(0, "", "hallwatch", "keys", "new", "agent", "keys")
        self.at_store("agents", 0, "add", "box-1", "keys/agent.pub", "--site", "lincoln")

    def at_store(self, command, code, *args, words=""):
        return self.says(code, words, "hallwatch", command, *args, "--store", self.path("store"),
                         "--district", DISTRICT)

    def test_a_filter_for_what_there_is_not_is_told(self):
        for words, *args in (('no site "lincon"', "alerts", "list", "--site", "lincon"),
                             ('of a rule "no.such"', "alerts", "list", "--rule", "no.such"),
                             ("no incident 99", "alerts", "list", "--incident", "99"),
                             ('no site "lincon"', "incidents", "list", "--site", "lincon"),
                             ("no incident 99", "tasks", "list", "--incident", "99")):
            self.at_store(args[0], FAULT, *args[1:], words=words)
        self.at_store("alerts", 0, "list", "--site", "lincoln", words="No alert fits")

    def test_none_is_no_limit(self):
        for command in "alerts", "incidents":
            self.at_store(command, USAGE, "list", "--limit", "0", words="from 1 on")

    def test_an_empty_note_is_none(self):
        self.at_store("incidents", USAGE, "note", "1", " ", words="the note is empty")

    def test_a_disposition_is_one_of_a_closed_incident(self):
        said = self.at_store("incidents", USAGE, "close", "1", "--was", "nonsense",
                             words="there are: confirmed benign")
        self.assertNotIn("none", said)

    def test_a_token_has_a_name_of_its_own(self):
        add = ("hallwatch", "tokens", "add", "dash", "--role", "security", "--file", "tokens")
        self.says(0, "hw_", *add)
        self.says(FAULT, "there is a token named dash in tokens already", *add)
        with open(self.path("tokens"), encoding="utf-8") as f:
            self.assertEqual(f.read().count("dash"), 1)

    def test_the_mark_of_a_pseudonym_key_is_called_that(self):
        said = self.says(0, "", "hallwatch", "keys", "new", "pseudonym", "keys")
        self.assertIn("has no public half", self.says(0, said.split("\n", 1)[0], "hallwatch", "keys",
                                                      "show", "keys/pseudonym.key"))


if __name__ == "__main__":
    tap.main()
