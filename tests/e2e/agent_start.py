#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What keeps an agent from starting is said in a sentence, and told by its exit code."""

import os
import signal
import subprocess
import unittest

import agent_lab as lab
import tap

NOBODY = 65534


@lab.needs_root
class Start(unittest.TestCase):
    def setUp(self):
        self.wire = lab.Wire().__enter__()
        self.addCleanup(self.wire.__exit__)
        self.rules = self.wire.box.path("rules.yaml")
        lab.write_rules(self.rules, {"id": "query"})

    def fails(self, code, *sentences, more=("--print",), without=False, **settings):
        """It ends with the code and says all of the sentences; without: any right."""
        agent = self.wire.agent("agent", **{"rules": self.rules, **settings})
        argv = agent.argv(*more)
        if without:
            at = argv.index(lab.AGENT)
            argv[at:at] = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
                           "--clear-groups", "--inh-caps=-all"]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=lab.PATIENCE, check=False)
        for sentence in sentences:
            self.assertIn(sentence, done.stdout)
        self.assertEqual(done.returncode, code, done.stdout)

    def test_all_faults_of_the_settings_are_told_at_once(self):
        self.fails(1, 'unknown option "sensor"', '"sensors"', "ring", sensor=1, ring="1 KiB")

    def test_an_interface_that_is_not_there_is_named_with_the_nearest(self):
        self.fails(3, 'there is no interface "net1" here; did you mean net0?',
                   interfaces="[net1]")

    def test_an_interface_that_is_down_is_told_how_to_get_up(self):
        self.wire.box.ip("link set net0 down\n")
        self.fails(3, "net0 is down: ip link set net0 up")

    def unprinted(self, name, out):
        """What an agent says, with which it ends, when its alerts can't be printed."""
        agent = self.wire.agent(name, rules=self.rules).start(stdout=out)
        lab.wait_until(agent.ended, "the agent to end by itself")
        return agent.stop(), agent.said()

    def test_alerts_that_cannot_be_printed_end_it(self):
        with open("/dev/full", "wb") as full:
            code, said = self.unprinted("full", full.fileno())
        self.assertEqual(code, 1, said)
        self.assertIn("the alerts cannot be printed: No space left on device", said)
        into, out = os.pipe()
        os.close(into)
        code, said = self.unprinted("left", out)
        os.close(out)
        self.assertEqual(code, 1, said)
        self.assertIn("nobody reads the alerts any more", said)

    def test_a_filter_that_does_not_parse_is_shown(self):
        self.fails(3, 'filter "tcp prt 80"', filter="tcp prt 80")

    def test_faulty_rules_are_shown_before_anything_is_captured(self):
        lab.write_rules(self.rules, {"id": "query", "when": "dns.qnam == x"})
        self.fails(1, "rules.yaml:12:", "did you mean")

    def test_rules_whose_own_test_fails_are_not_started_with(self):
        with open(self.rules, "a", encoding="utf-8") as f:
            f.write("tests:\n  - name: one is two\n"
                    "    events: [{at: 0s, kind: dns, dns.qr: query}]\n"
                    "    expect: {match: 2}\n")
        for more in (("--check",), ("--print",)):
            self.fails(1, 'test "one is two" failed: expected match 2, got 1', more=more)

    def test_rules_that_need_a_later_ndpi_are_not_started_with(self):
        with open(self.rules, "a", encoding="utf-8") as f:
            f.write('requires: {ndpi: ">=99.1"}\n')
        for more in (("--check",), ("--print",)):
            self.fails(1, "E0519]: these rules need nDPI 99.1, this is", "update nDPI", more=more)

    def test_a_user_that_is_not_there_is_named(self):
        self.fails(1, 'there is no user "hallwatch-nobody"', user="hallwatch-nobody")

    def test_a_state_folder_that_cannot_be_made_is_named(self):
        self.fails(1, "/proc/none", state="/proc/none")

    def test_without_permission_it_says_which_is_needed(self):
        state = self.wire.box.path("state")
        os.mkdir(state)
        os.chown(state, NOBODY, NOBODY)
        key = self.wire.box.path("pseudonym.key")
        os.chown(key, NOBODY, NOBODY)
        self.fails(3, "not allowed to capture on net0", "CAP_NET_RAW", state=state,
                   without=True)

    def test_check_says_all_that_is_wrong(self):
        lab.write_rules(self.rules, {"id": "query", "when": "dns.qnam == x"})
        self.fails(1, "rules.yaml:12:", 'no interface "net1"', '"net0"', "vault",
                   more=("--check",), interfaces="[net1]", vault="/none/vault.pub")

    def test_check_of_good_settings_says_so_and_leaves_nothing(self):
        self.fails(0, "everything is well", more=("--check",))
        self.assertFalse(os.path.exists(self.wire.box.path("agent/state")))

    def test_check_tries_all_that_a_start_would_trip_over(self):
        self.wire.box.ip("link set net0 down\n")
        self.fails(1, "net0 is down: ip link set net0 up", 'filter "tcp prt 80"',
                   'there is no user "hallwatch-nobody"', "adduser",
                   "the state folder /proc/none cannot be made", "mkdir -p", 'did you mean',
                   more=("--check",), filter="tcp prt 80", user="hallwatch-nobody",
                   state="/proc/none", site="lincon")

    def test_check_tries_the_state_folder_as_the_user(self):
        state = self.wire.box.path("state")
        os.mkdir(state, 0o700)
        self.fails(1, f"the state folder {state} is not ours to write to", "chown nobody:",
                   more=("--check",), user="nobody", state=state)
        os.chown(state, NOBODY, NOBODY)
        os.chmod(self.wire.box.path("."), 0o755)
        self.fails(0, "everything is well", '"pseudonym_key" can be read when', "chown nobody",
                   more=("--check",), user="nobody", state=state)
        self.assertEqual(os.listdir(state), [])

    def test_check_without_permission_says_which_is_needed(self):
        os.chown(self.wire.key, NOBODY, NOBODY)
        os.chmod(self.wire.box.path("."), 0o755)
        state = self.wire.box.path("state")
        os.mkdir(state)
        os.chown(state, NOBODY, NOBODY)
        self.fails(1, "not allowed to capture on net0", "CAP_NET_RAW", more=("--check",),
                   state=state, without=True)

    def test_a_state_folder_has_one_agent(self):
        first = self.wire.agent("first", rules=self.rules).start().ready()
        state = first.settings["state"]
        who = ("in use by another agent", str(first.process.pid), first.config)
        for more in (("--check",), ("--print",)):
            self.fails(1, *who, "folder of its own", more=more, state=state)
        done = subprocess.run(first.argv("--check"), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        self.assertIn(f"runs already (process {first.process.pid})", done.stdout)
        self.assertEqual(done.returncode, 0)
        self.wire.send([lab.query(1)])
        lab.wait_until(first.alerts, "an alert")
        self.assertEqual(first.stop(), 0)

    def test_a_user_who_is_not_root_watches_the_wire(self):
        agent = self.wire.agent("agent", rules=self.rules, user="nobody")
        agent.start().ready()
        for pid in (agent.process.pid, *lab.children(agent.process.pid)):
            with open(f"/proc/{pid}/status", encoding="utf-8") as f:
                status = dict(line.split(":\t", 1) for line in f.read().splitlines())
            self.assertEqual(status["Uid"].split()[0], str(NOBODY))
            warden = pid == agent.process.pid
            self.assertEqual(int(status["CapEff"], 16), 1 << 13 if warden else 0)
            self.assertEqual(status["NoNewPrivs"], "1")
            self.assertEqual(status["Seccomp"], "2")
        self.wire.send([lab.query(1)])
        lab.wait_until(agent.alerts, "an alert")
        self.assertEqual(agent.stop(), 0)

    def test_a_link_that_goes_down_and_up_is_watched_again(self):
        agent = self.wire.agent("agent", rules=self.rules).start().ready()
        self.wire.box.ip("link set net0 down\n")
        agent.wait_said("net0 went away or down")
        self.wire.box.ip("link set net0 up\n")
        agent.wait_said("watching net0", 2)
        self.wire.send([lab.query(1)])
        lab.wait_until(agent.alerts, "an alert")
        self.assertEqual(agent.stop(), 0)

    def test_everybody_told_to_end_at_once_still_ends_in_order(self):
        agent = self.wire.agent("agent", rules=self.rules).start().ready()
        self.wire.send([lab.query(i) for i in range(50)])
        os.killpg(agent.process.pid, signal.SIGTERM)
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(len(agent.alerts()), 50)


if __name__ == "__main__":
    tap.main()
