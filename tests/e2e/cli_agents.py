#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""hallwatch keys and hallwatch agents, as an admin types them."""
import json
import os
import pwd
import stat
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", "build")
HALLWATCH = os.path.join(BUILD, "bin/hallwatch")
DISTRICT = "deploy/examples/district.yaml"
KINDS = ("collector", "agent", "vault", "sign")


def hallwatch(*args):
    done = subprocess.run([HALLWATCH, *args], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def agents(folder, command, *args):
    where = ("--store", f"{folder}/store", "--district", DISTRICT)
    return hallwatch("agents", command, *where, *args)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def keys_are_two_files(folder):
    for kind in KINDS:
        code, out, _ = hallwatch("keys", "new", kind, f"{folder}/keys")
        assert code == 0
        public = out.splitlines()[0]
        assert mode(f"{folder}/keys/{kind}.key") == 0o600
        assert mode(f"{folder}/keys/{kind}.pub") == 0o644
        with open(f"{folder}/keys/{kind}.pub", encoding="utf-8") as f:
            text = f.read()
        assert public in text and "secret" not in text
        for half in ("key", "pub"):
            assert hallwatch("keys", "show", f"{folder}/keys/{kind}.{half}")[1] == public + "\n"


def a_pseudonym_key_has_no_public_half(folder):
    code, out, _ = hallwatch("keys", "new", "pseudonym", f"{folder}/keys", "--json")
    assert code == 0 and json.loads(out)["kind"] == "pseudonym"
    assert os.path.exists(f"{folder}/keys/pseudonym.key")
    assert not os.path.exists(f"{folder}/keys/pseudonym.pub")


def a_key_is_never_overwritten(folder):
    with open(f"{folder}/keys/agent.key", encoding="utf-8") as f:
        before = f.read()
    code, _, err = hallwatch("keys", "new", "agent", f"{folder}/keys")
    assert code == 1 and "is there already" in err
    with open(f"{folder}/keys/agent.key", encoding="utf-8") as f:
        assert f.read() == before


def a_secret_that_others_can_read_is_not_used(folder):
    os.chmod(f"{folder}/keys/agent.key", 0o644)
    code, _, err = hallwatch("keys", "show", f"{folder}/keys/agent.key")
    os.chmod(f"{folder}/keys/agent.key", 0o600)
    assert code == 1 and "chmod 600" in err


def mistakes_get_a_sentence(folder):
    key = f"{folder}/keys/agent.pub"
    for args, words in (
        (("keys", "new", "agnet"), "collector, agent, vault, sign"),
        (("keys", "show", DISTRICT), "no key file"),
        (("tokens", "add", "grafana"), "privacy-officer"),
        (("tokens", "add", "grafana", "--role", "boss"), "principal        sees how many"),
    ):
        code, _, err = hallwatch(*args)
        assert code != 0 and words in err, err
    for args, words in (
        (("list",), "--store FILE"),
        (("add", "Box", key, "--site", "lincoln"), "no name for an agent"),
        (("add", "collector", key, "--site", "lincoln"), "own name"),
        (("add", "box", key), "--site says where"),
        (("add", "box", key, "--site", "lincon"), 'did you mean "lincoln"?'),
        (("add", "box", f"{folder}/keys/vault.pub", "--site", "lincoln"), "not of this kind"),
        (("add", "box", "--site", "lincoln", "--", "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"),
         "manual"),
        (("revoke", "nobody"), "no agent named nobody"),
    ):
        code, _, err = agents(folder, *args)
        assert code != 0 and words in err, (args, err)


def listed(folder):
    code, out, err = agents(folder, "list", "--json")
    assert code == 0, err
    return {a["name"]: a for a in json.loads(out)}


def an_agent_is_added_by_file_or_key_and_revoked(folder):
    public = hallwatch("keys", "show", f"{folder}/keys/agent.pub")[1].strip()
    code, out, err = agents(folder, "add", "box-1", f"{folder}/keys/agent.pub", "--site",
                            "lincoln")
    assert code == 0 and "may speak" in out and "`name: box-1`" in out, err
    other = hallwatch("keys", "new", "agent", f"{folder}/other")[1].splitlines()[0]
    assert agents(folder, "add", "box-2", "--site", "lincoln", "--", other)[0] == 0
    code, _, err = agents(folder, "add", "box-3", f"{folder}/keys/agent.pub", "--site",
                          "lincoln")
    assert code == 1 and "the agent box-1 has this key already" in err, err
    code, _, err = agents(folder, "add", "box-1", "--site", "lincoln", "--", other)
    assert code == 1 and "the agent box-2 has this key already" in err, err
    assert set(listed(folder)) == {"box-1", "box-2"}
    code, out, _ = agents(folder, "revoke", "box-1")
    assert code == 0 and "cut off" in out
    code, out, _ = agents(folder, "list")
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert "revoked" in lines["box-1"] and "revoked" not in lines["box-2"]
    assert public not in out
    code, _, err = agents(folder, "add", "box-3", f"{folder}/keys/agent.pub", "--site",
                          "lincoln")
    assert code == 1 and "this key was revoked with the agent box-1" in err, err
    new = hallwatch("keys", "new", "agent", f"{folder}/new")[1].splitlines()[0]
    code, _, err = agents(folder, "add", "box-2", "--site", "lincoln", "--", new)
    assert code == 1 and "an agent named box-2 already: revoke it first" in err, err
    code, _, err = agents(folder, "add", "box-1", "--site", "lincoln", "--", new)
    assert code == 0 and not listed(folder)["box-1"].get("revoked"), err


def a_token_has_a_name_of_its_own(folder):
    file = f"{folder}/tokens"
    add = ("tokens", "add", "dash", "--role", "security", "--file", file)
    code, _, err = hallwatch(*add)
    assert code == 0 and f"api: {{tokens: {file}}}" in err, err
    code, _, err = hallwatch(*add)
    assert code == 1 and f"a token named dash in {file} already" in err, err
    with open(file, encoding="utf-8") as f:
        assert len(f.readlines()) == 1


def a_token_gets_a_line_of_its_own(folder):
    file = f"{folder}/by-hand"
    add = ("tokens", "add", "--role", "security", "--file", file)
    hallwatch(*add, "dash")
    with open(file, "rb+") as f:
        f.truncate(os.stat(file).st_size - 1)
    code, _, err = hallwatch(*add, "board")
    assert code == 0, err
    with open(file, encoding="utf-8") as f:
        assert [line.split()[0] for line in f] == ["dash", "board"]


def no_half_of_a_pair_is_left(folder):
    folder = f"{folder}/halves"
    os.mkdir(folder)
    with open(f"{folder}/agent.pub", "w", encoding="utf-8") as f:
        f.write("of another\n")
    code, _, err = hallwatch("keys", "new", "agent", folder)
    assert code == 1 and "agent.pub is there already" in err, err
    assert os.listdir(folder) == ["agent.pub"]


def tokens_belong_to_whom_the_collector_runs_as(folder):
    if os.geteuid() != 0:
        return
    nobody = pwd.getpwnam("nobody").pw_uid
    folder = f"{folder}/owned"
    os.mkdir(folder)
    with open(f"{folder}/collector.yaml", "w", encoding="utf-8") as f:
        f.write("user: nobody\napi: {tokens: tokens}\n")
    file = f"{folder}/tokens"
    add = ("tokens", "add", "--role", "security", "--file", file)
    code, _, err = hallwatch(*add, "dash")
    assert code == 0 and "chown" not in err and "has to say" not in err, err
    assert os.stat(file).st_uid == nobody and os.stat(file).st_mode & 0o777 == 0o600
    os.chown(file, 0, 0)
    code, _, err = hallwatch(*add, "board")
    assert code == 0 and f"chown nobody: {file}" in err, err
    assert os.stat(file).st_uid == 0


def the_key_of_the_collector_is_no_agents(folder):
    folder = f"{folder}/collectors"
    os.mkdir(folder)
    key = hallwatch("keys", "new", "collector", f"{folder}/keys")[1].splitlines()[0]
    with open(DISTRICT, encoding="utf-8") as f, open(f"{folder}/d.yaml", "w", encoding="utf-8") as g:
        g.write(f.read())
    where = ("--store", f"{folder}/store", "--district", f"{folder}/d.yaml", "--site", "lincoln")
    by_file = hallwatch("agents", "add", "box-1", *where, f"{folder}/keys/collector.pub")
    with open(f"{folder}/collector.yaml", "w", encoding="utf-8") as f:
        f.write("intake: {key: keys/collector.key}\n")
    by_key = hallwatch("agents", "add", "box-1", *where, "--", key)
    for code, _, err in (by_file, by_key):
        assert code == 1 and "the collector's own key" in err, err
    hallwatch("keys", "new", "agent", f"{folder}/keys")
    code, _, err = hallwatch("agents", "add", "box-1", *where, f"{folder}/keys/agent.pub")
    assert code == 0, err


def who_may_not_read_the_district_is_told_who_helps(folder):
    folder = f"{folder}/closed"
    os.mkdir(folder)
    with open(f"{folder}/d.yaml", "w", encoding="utf-8") as f:
        f.write("closed")
    os.chmod(f"{folder}/d.yaml", 0)
    powerless = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
    done = subprocess.run([*powerless, HALLWATCH, "tasks", "list", "--district", f"{folder}/d.yaml"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "network administrator" in done.stderr, done
    assert f"may not use {folder}/d.yaml" in done.stderr and "E0102" not in done.stderr, done


CASES = (
    keys_are_two_files,
    a_pseudonym_key_has_no_public_half,
    a_key_is_never_overwritten,
    a_secret_that_others_can_read_is_not_used,
    mistakes_get_a_sentence,
    an_agent_is_added_by_file_or_key_and_revoked,
    a_token_has_a_name_of_its_own,
    a_token_gets_a_line_of_its_own,
    no_half_of_a_pair_is_left,
    tokens_belong_to_whom_the_collector_runs_as,
    the_key_of_the_collector_is_no_agents,
    who_may_not_read_the_district_is_told_who_helps,
)


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    with tempfile.TemporaryDirectory(prefix="hallwatch-") as folder:
        for i, case in enumerate(CASES, 1):
            try:
                case(folder)
                print(f"ok {i} - {case.__name__.replace('_', ' ')}")
            except AssertionError as e:
                failed += 1
                print(f"not ok {i} - {case.__name__.replace('_', ' ')}\n# {e!r}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
