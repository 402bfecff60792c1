#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/EVENTS.md and docs/events.schema.json are what the table of fields says, and what the
agent makes of each capture is as the schema says. TAP."""
import json
import os
import re
import subprocess
import sys
import tempfile
from glob import glob

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(os.environ.get("BUILD", os.path.join(TOP, "build")), "bin")
GENERATED = (("docs/EVENTS.md", "markdown"), ("docs/events.schema.json", "schema"))

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
KNOWN = {"$schema", "$id", "$comment", "$defs", "$ref", "title", "description", "type", "enum",
         "const", "pattern", "properties", "required", "additionalProperties", "items", "if",
         "then", "else"}


# ---- as much of JSON Schema 2020-12 as ours uses ----------------------------------------


def is_of_type(value, name):
    if name == "integer" and isinstance(value, bool):
        return False
    return isinstance(value, TYPES[name])


def faults(value, schema, root, where="$"):
    """Sentences, one for each thing that is wrong with value."""
    if isinstance(schema, bool):
        return [] if schema else [f"{where}: may not be here"]
    found = [f"{where}: the schema's {key} is not known here" for key in set(schema) - KNOWN]
    if "$ref" in schema:
        found += faults(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, where)
    if "type" in schema and not is_of_type(value, schema["type"]):
        return found + [f"{where}: {value!r} is no {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of the words")
    if "const" in schema and value != schema["const"]:
        found.append(f"{where}: {value!r} is not {schema['const']!r}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{where}: {value!r} does not look right")
    if isinstance(value, dict):
        found += faults_of_object(value, schema, root, where)
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            found += faults(item, schema["items"], root, f"{where}[{i}]")
    if "if" in schema:
        branch = "else" if faults(value, schema["if"], root, where) else "then"
        found += faults(value, schema.get(branch, True), root, where)
    return found


def faults_of_object(value, schema, root, where):
    inner = schema.get("properties", {})
    found = [f"{where}.{k}: is missing" for k in schema.get("required", ()) if k not in value]
    for key, item in value.items():
        if key in inner:
            found += faults(item, inner[key], root, f"{where}.{key}")
        elif schema.get("additionalProperties") is False:
            found.append(f"{where}.{key}: the schema does not know it")
    return found


# ---- what is held against it ------------------------------------------------------------


def said(*argv):
    return subprocess.run(argv, cwd=TOP, capture_output=True, text=True, timeout=120,
                          check=True).stdout


def agent(capture, lists, *more):
    text = said(f"{BIN}/hallwatch-agent", "-r", capture, "--district",
                "deploy/examples/district.yaml", "--lists", lists, "--rules", "rules/detect",
                *more)
    return [json.loads(line) for line in text.splitlines()]


def is_fresh(path, form):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        kept = file.read()
    if kept == said(f"{BIN}/hallwatch", "rules", "fields", "--format", form):
        return []
    return [f"{path} is not what the table says: run `make docs` and commit it"]


def broken(alert):
    """The same alert with one fault each."""
    yield "a key that is not known", {**alert, "colour": "red"}
    yield "a number for a text", {**alert, "hallwatch": {**alert["hallwatch"], "rule": 7}}
    yield "a word of no vocabulary", {**alert, "proto": "CARRIER-PIGEON"}
    yield "a time that is none", {**alert, "timestamp": "yesterday"}
    yield "no severity", {**alert, "alert": {k: v for k, v in alert["alert"].items()
                                             if k != "severity"}}
    yield "an event with a rule's words", {**alert, "event_type": "dns"}


def main():
    results = [(f"{path} is fresh", is_fresh(path, form)) for path, form in GENERATED]
    with open(os.path.join(TOP, "docs/events.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    alerts, kinds, wrong = [], set(), []
    with tempfile.TemporaryDirectory() as folder:
        lists = os.path.join(folder, "lists")
        said(f"{BIN}/hallwatch", "lists", "build", "--out", lists, "rules/lists/lists.yaml")
        for capture in sorted(glob(os.path.join(TOP, "tests/golden/*.pcap"))):
            for document in agent(capture, lists, "--events", "all"):
                kinds.add(document["event_type"])
                if document["event_type"] == "alert":
                    alerts.append(document)
                wrong += [f"{os.path.basename(capture)}: {fault}"
                          for fault in faults(document, schema, schema)]
    results.append(("events and alerts of all captures are as the schema says", wrong))
    lacking = {"flow_start", "flow", "dns", "tls", "quic", "http", "dhcp", "arp", "alert"} - kinds
    results.append(("there were some of each kind", sorted(lacking)))
    for name, document in broken(alerts[0]) if alerts else ():
        missed = [] if faults(document, schema, schema) else ["nothing was found"]
        results.append((f"{name} is seen", missed))

    print(f"1..{len(results)}")
    for i, (name, found) in enumerate(results, 1):
        print(f"{'not ok' if found else 'ok'} {i} - {name}")
        for fault in found[:20]:
            print(f"#   {fault}")
    return 1 if any(found for _, found in results) else 0


if __name__ == "__main__":
    sys.exit(main())
