/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - what the `hallwatch rules` commands share.
 */
#ifndef CLI_RULES_H
#define CLI_RULES_H

#include <stddef.h>

#include "cli.h"

struct rules_options {
    bool json, coverage, tap, all;
    const char *format, *district, *lists, *site, *rule, *playbooks;
};

struct shadow_options {
    struct store_choice choice; /* first: see STORE_OPTIONS */
    uint64_t weeks;
    bool all, json;
};

struct cost_options {
    struct rules_options rules; /* first: see WORLD */
    struct option_texts pcaps;
};

struct diff_options {
    bool json;
    const char *district, *lists, *old_lists, *site;
    struct option_texts pcaps;
};

struct import_options {
    bool json;
    const char *owner, *playbook, *mode, *out;
};

extern const struct option_row rules_check_options[];
extern const struct option_row rules_options[]; /* of replay */
extern const struct option_row rules_test_options[];
extern const struct option_row rules_explain_options[];
extern const struct option_row rules_json_options[]; /* --json alone */
extern const struct option_row rules_shadow_options[];

struct world_settings rules_world(const struct rules_options *o, int argc, char **argv);

/* One for each subcommand. */
int rules_check(const void *values, int argc, char **argv);
int rules_test(const void *values, int argc, char **argv);
int rules_explain(const void *values, int argc, char **argv);
int rules_replay(const void *values, int argc, char **argv);
int rules_fields(const void *values, int argc, char **argv);
int rules_explain_code(const void *values, int argc, char **argv);
int rules_shadow(const void *values, int argc, char **argv);
int rules_diff(const void *values, int argc, char **argv);
int rules_cost(const void *values, int argc, char **argv);
int rules_doc(const void *values, int argc, char **argv);
int rules_import(const void *values, int argc, char **argv);

/*
 * Starts hallwatch-agent on a capture with these rules and reads its alerts: fn is called
 * with each line. lists: compiled, or NULL. 0, -ENOENT when there is no agent, -EIO when
 * it failed.
 */
typedef void agent_line_fn(const char *line, void *arg);
int rules_run_agent(const char *pcap, const struct world_settings *s, const char *lists,
                    agent_line_fn *fn, void *arg);

/* The same, and the lines are of all events, too. */
int rules_run_agent_events(const char *pcap, const struct world_settings *s,
                           const char *lists, agent_line_fn *fn, void *arg);

#endif
