/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rules.h"

#include <limits.h>
#include <stdio.h>

#define OPTION(member) offsetof(struct rules_options, member)
#define WORLD                                                                           \
    {"district",  'd',                                                                  \
     OPTION_TEXT, OPTION(district),                                                     \
     "FILE",      "check sites, segments and calendars against this district.yaml"},    \
        {"lists",                                                                       \
         'l',                                                                           \
         OPTION_TEXT,                                                                   \
         OPTION(lists),                                                                 \
         "FILE",                                                                        \
         "the lists that rules ask: compiled, or a lists.yaml; else the shipped ones"}, \
    {                                                                                   \
        "site", 's', OPTION_TEXT, OPTION(site), "ID",                                   \
            "the site whose local time applies; else the first"                         \
    }
#define JSON                                                       \
    {                                                              \
        "json", 'j', OPTION_FLAG, OPTION(json), NULL, "print JSON" \
    }
#define FORMAT                                                \
    {                                                         \
        "format", 'f', OPTION_TEXT, OPTION(format), "FORMAT", \
            "print faults as text, json or sarif"             \
    }

const struct option_row rules_options[] = {WORLD, JSON, {0}};

const struct option_row rules_check_options[] = {
    WORLD,
    {"playbooks", 'p', OPTION_TEXT, OPTION(playbooks), "DIR",
     "the playbooks that rules lead to; else a folder \"playbooks\" beside them"},
    FORMAT,
    JSON,
    {0},
};

const struct option_row rules_test_options[] = {
    WORLD,
    FORMAT,
    JSON,
    {"coverage", 'c', OPTION_FLAG, OPTION(coverage), NULL,
     "name the rules and conditions that no test exercises"},
    {"tap", 't', OPTION_FLAG, OPTION(tap), NULL, "print TAP, a line for each test"},
    {0},
};

const struct option_row rules_explain_options[] = {
    WORLD,
    JSON,
    {"rule", 'r', OPTION_TEXT, OPTION(rule), "ID", "only this rule"},
    {"all", 'a', OPTION_FLAG, OPTION(all), NULL,
     "all conditions of the rules that do not match, too"},
    {0},
};

static const struct option_row fields_options[] = {
    JSON,
    {"format", 'f', OPTION_TEXT, OPTION(format), "FORMAT",
     "print text, json, markdown (docs/EVENTS.md) or schema (a JSON Schema)"},
    {0},
};

const struct option_row rules_json_options[] = {JSON, {0}};

static const struct option_row doc_options[] = {
    WORLD,
    {"format", 'f', OPTION_TEXT, OPTION(format), "FORMAT", "markdown or html"},
    JSON,
    {0},
};

static const struct option_row cost_options[] = {
    WORLD,
    {"pcap", 'P', OPTION_TEXTS, offsetof(struct cost_options, pcaps), "FILE",
     "a capture to measure over; may be given several times; else the rules' tests"},
    JSON,
    {0},
};

#define DIFF(member) offsetof(struct diff_options, member)

static const struct option_row diff_options[] = {
    {"district", 'd', OPTION_TEXT, DIFF(district), "FILE", "the district of both"},
    {"lists", 'l', OPTION_TEXT, DIFF(lists), "FILE",
     "the lists that rules ask: compiled, or a lists.yaml; else the shipped ones"},
    {"old-lists", 'L', OPTION_TEXT, DIFF(old_lists), "FILE",
     "those that the old rules ask; else the same"},
    {"site", 's', OPTION_TEXT, DIFF(site), "ID",
     "the site whose local time applies; else the first"},
    {"pcap", 'P', OPTION_TEXTS, DIFF(pcaps), "FILE",
     "a capture to compare the alerts of; may be given several times"},
    JSON,
    {0},
};

#define IMPORT(member) offsetof(struct import_options, member)

static const struct option_row import_options[] = {
    {"json", 'j', OPTION_FLAG, IMPORT(json), NULL, "print JSON"},
    {"out", 'o', OPTION_TEXT, IMPORT(out), "FILE", "write the rules there"},
    {"owner", 'O', OPTION_TEXT, IMPORT(owner), "ROLE", "who acts first; else security"},
    {"playbook", 'p', OPTION_TEXT, IMPORT(playbook), "ID", "the playbook they lead to"},
    {"mode", 'm', OPTION_TEXT, IMPORT(mode), "MODE",
     "alert, shadow or disabled; else shadow"},
    {0},
};

const struct command rules_commands[] = {
    {"check", "[PATH...]", 0, INT_MAX, "say what is wrong with rule files",
     "Without PATH, the shipped rules. Exits with 1 when there is an error.", NULL,
     rules_check_options, sizeof(struct rules_options), rules_check},
    {"test", "[PATH...]", 0, INT_MAX, "run the tests that rule files carry",
     "Without PATH, the shipped rules. Exits with 1 when a test fails.", NULL,
     rules_test_options, sizeof(struct rules_options), rules_test},
    {"explain", "EVENT.json [PATH...]", 1, INT_MAX,
     "show for each rule why it matches an event, or not",
     "EVENT.json has events as hallwatch-agent --events prints them, or alerts, or\n"
     "objects of field names and values; - is standard input. One of them may stand in its\n"
     "place, in quotes: '{...}'.",
     NULL, rules_explain_options, sizeof(struct rules_options), rules_explain},
    {"replay", "FILE.pcap [PATH...]", 1, INT_MAX,
     "run a capture through the agent and count alerts by rule", NULL, NULL,
     rules_options, sizeof(struct rules_options), rules_replay},
    {"fields", "[NAME]", 0, 1, "list the fields that rules can ask for",
     "With NAME, one field, or those that begin with it, and the words it may have.",
     NULL, fields_options, sizeof(struct rules_options), rules_fields},
    {"explain-code", "CODE", 1, 1, "explain the code of a fault: E0214", NULL, NULL,
     rules_json_options, sizeof(struct rules_options), rules_explain_code},
    {"shadow", NULL, 0, 0, "show how often rules in shadow mode were met, by week",
     "What agents sent to this collector. Weeks begin on Monday, in UTC.", NULL,
     rules_shadow_options, sizeof(struct shadow_options), rules_shadow},
    {"cost", "[PATH...]", 0, INT_MAX, "say what each rule costs, the dearest first",
     "Without PATH, the shipped rules. hallwatch(1) says how it is measured.", NULL,
     cost_options, sizeof(struct cost_options), rules_cost},
    {"doc", "[PATH...]", 0, INT_MAX, "print a manual of the rules, for those who act",
     "Without PATH, of the shipped rules.", NULL, doc_options,
     sizeof(struct rules_options), rules_doc},
    {"diff", "OLD NEW", 2, 2, "say what is different between two rule sets",
     "Each a rule file, a folder, or a bundle of an agent.", NULL, diff_options,
     sizeof(struct diff_options), rules_diff},
    {"import", "FILE...", 1, INT_MAX, "translate Sigma's network rules",
     "What cannot be said is told line by line, and its rule is refused whole. Exits with\n"
     "3 when some were refused, with 1 when nothing could be translated.",
     NULL, import_options, sizeof(struct import_options), rules_import},
    {0},
};

struct world_settings rules_world(const struct rules_options *o, int argc, char **argv)
{
    return (struct world_settings){
        .district = o->district,
        .lists = o->lists,
        .site = o->site,
        .paths = argv,
        .path_count = argc,
    };
}
