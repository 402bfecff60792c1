/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What alert.c adds to an event's document. tests/house/events.py holds each alert of the
 * captures against it, so a key that is missing here is noticed.
 */
#include "cli/fields.h"

#include "rule.h"

/* The words of these are not a vocabulary of rules. */
static const char *const action_words[] = {"allowed"};
static const struct names names_action = {"action", action_words, 1};
static const char *const window_words[] = {"count", "distinct", "sum", "ratio"};
static const struct names names_window = {"kind of window", window_words, 4};

const struct alert_key alert_keys[] = {
    {"alert.action", TYPE_NAME, true, &names_action,
     "always allowed: a sensor blocks nothing"},
    {"alert.gid", TYPE_NUMBER, true, NULL, "always 1"},
    {"alert.signature_id", TYPE_NUMBER, true, NULL,
     "number of the rule, made from its id"},
    {"alert.rev", TYPE_NUMBER, true, NULL, "number of the rule's version"},
    {"alert.signature", TYPE_TEXT, true, NULL, "title of the rule"},
    {"alert.category", TYPE_TEXT, true, NULL, "first part of the rule's id"},
    {"alert.severity", TYPE_NUMBER, true, NULL,
     "as in EVE: 1 for high and critical, 2 medium, 3 low, 4 info"},
    {"alert.metadata.hallwatch_rule", TYPE_TEXTS, true, NULL, "id of the rule"},
    {"alert.metadata.hallwatch_severity", TYPE_TEXTS, true, NULL,
     "its severity in our words"},
    {"hallwatch.event", TYPE_NAME, true, &names_event_kind,
     "kind of the event that raised it"},
    {"hallwatch.rule", TYPE_TEXT, true, NULL, "id of the rule"},
    {"hallwatch.rule_version", TYPE_TEXT, true, NULL, "version of the file it is from"},
    {"hallwatch.ruleset", TYPE_TEXT, true, NULL, "name of that file's rule set"},
    {"hallwatch.ruleset_version", TYPE_TEXT, true, NULL,
     "hash of all rules that were judged by"},
    {"hallwatch.title", TYPE_TEXT, true, NULL, "title of the rule"},
    {"hallwatch.severity", TYPE_NAME, true, &names_severity,
     "severity for the age band of the segment"},
    {"hallwatch.owner", TYPE_NAME, true, &names_role, "role that acts first"},
    {"hallwatch.mode", TYPE_NAME, true, &names_rule_mode, "mode of the rule"},
    {"hallwatch.identity", TYPE_NAME, true, &names_identity,
     "the most of a person that the rule may show"},
    {"hallwatch.playbook", TYPE_TEXT, false, NULL, "playbook that it leads to"},
    {"hallwatch.after_hours", TYPE_NAME, false, &names_after_hours,
     "what to do when it comes out of hours"},
    {"hallwatch.agent", TYPE_TEXT, false, NULL, "name of the agent"},
    {"hallwatch.drill", TYPE_BOOL, false, NULL, "it belongs to a drill"},
    {"hallwatch.device.pseudonym", TYPE_TEXT, false, NULL,
     "keyed name of the device, another one each term; identity pseudonym only"},
    {"hallwatch.device.sealed", TYPE_TEXT, false, NULL,
     "true addresses and names, for the vault key only; identity pseudonym only"},
    {"hallwatch.window.kind", TYPE_NAME, false, &names_window, "what the window counts"},
    {"hallwatch.window.of", TYPE_TEXT, false, NULL, "field that is counted"},
    {"hallwatch.window.count", TYPE_NUMBER, false, NULL,
     "of a ratio: events that the value, in per cent, is a share of"},
    {"hallwatch.window.within", TYPE_TEXT, false, NULL, "length of the window"},
    {"hallwatch.window.approximate", TYPE_BOOL, false, NULL,
     "the value is not exact: more than is remembered"},
    {"hallwatch.window.error", TYPE_NUMBER, false, NULL,
     "of an estimate (different values): how far off it may be, either way, in 95 of 100 "
     "cases"},
    {"hallwatch.window.devices", TYPE_NUMBER, false, NULL,
     "of an aggregate: from how many devices it comes"},
    {"hallwatch.window.first", TYPE_TIME, false, NULL, "time of the first hit in it"},
    {"hallwatch.window.last", TYPE_TIME, false, NULL, "time of the last hit in it"},
    {"hallwatch.sequence.steps", TYPE_TEXTS, false, NULL,
     "steps of the rule's sequence, in order"},
    {"hallwatch.sequence.times", TYPE_TEXTS, false, NULL, "when each of them was met"},
    {"hallwatch.sequence.within", TYPE_TEXT, false, NULL,
     "time from the first to the last, at most"},
    {"hallwatch.combination.rules", TYPE_TEXTS, false, NULL,
     "rules of the combination that were met"},
    {"hallwatch.combination.within", TYPE_TEXT, false, NULL,
     "time in which they were met, at most"},
    {"hallwatch.combination.first", TYPE_TIME, false, NULL,
     "when the first of them was met last"},
    {"hallwatch.combination.last", TYPE_TIME, false, NULL, "when the last of them was"},
    {"hallwatch.burst.clients", TYPE_NUMBER, false, NULL,
     "devices of the place, when this alert stands for them"},
    {"hallwatch.burst.by", TYPE_TEXT, false, NULL, "field that names the place"},
    {"hallwatch.burst.within", TYPE_TEXT, false, NULL, "time in which they were met"},
    {"hallwatch.burst.first", TYPE_TIME, false, NULL, "when the first of them was"},
    {"hallwatch.burst.last", TYPE_TIME, false, NULL, "when the last of them was"},
    {"hallwatch.summary.repeats", TYPE_NUMBER, false, NULL,
     "in a summary: how many more there were since the first alert"},
    {"hallwatch.summary.first", TYPE_TIME, false, NULL, "time of the first of them"},
    {"hallwatch.summary.last", TYPE_TIME, false, NULL, "time of the last of them"},
    {"hallwatch.list.name", TYPE_TEXT, false, NULL, "list that said yes"},
    {"hallwatch.list.version", TYPE_TEXT, false, NULL,
     "version of that list: first digits of the SHA-256 of its values"},
    {"hallwatch.list.fetched", TYPE_TIME, false, NULL, "when that list was fetched"},
    {0},
};
