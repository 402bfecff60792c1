/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - what the parts of the hallwatch command share. A command is a row in main.c and
 * a file of its own.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "collector/settings.h"
#include "diag.h"
#include "district.h"
#include "listdb.h"
#include "options.h"
#include "rule.h"

#define EXIT_FAULT 1 /* something is wrong with what was looked at */
#define EXIT_KEPT                                                         \
    3 /* done, but something stayed as it was because the new was no good \
       */

extern const struct command rules_commands[];
extern const struct command lists_commands[];
extern const struct command keys_commands[];
extern const struct command agents_commands[];
extern const struct command playbooks_commands[];
extern const struct command district_commands[];
extern const struct command alerts_commands[];
extern const struct command incidents_commands[];
extern const struct command silences_commands[];
extern const struct command evidence_commands[];
extern const struct command db_commands[];
extern const struct command audit_commands[];
extern const struct command tasks_commands[];
extern const struct command tokens_commands[];
extern const struct command actions_commands[];

/* A file or folder that comes with the programs: "rules/detect". Yours to free. */
char *share_path(const char *below);

/* A program beside this one: "hallwatch-agent". Yours to free. */
char *program_path(const char *name);

/* Of the nDPI that the agent beside this program has; NULL: there is no agent. Yours. */
char *agent_ndpi_version(void);

/* How faults are told: text, json or sarif. */
enum report_format { REPORT_TEXT, REPORT_JSON, REPORT_SARIF };

/* What --format says, or --json; false after a complaint on stderr. */
bool report_format(const char *word, bool json, enum report_format *ret_format);

/* All faults to stdout, for a command that is asked what is wrong; the exit code that
 * follows from them. */
int report(struct diags *d, enum report_format format);

/* The same as text to stderr, for a command that is asked for something else: on stdout
 * nobody takes a fault for it. */
int report_aside(struct diags *d);

/* ---- the collector's store ---- */

struct store;

struct store_choice {
    const char *store, *district; /* NULL: where they usually are */
};

/* The district's file: as it was given, or where it usually is. */
/* "FOLDER/name" of the folder that path is in. Yours to free. */
char *path_beside(const char *path, const char *name);

/* collector.yaml of the folder that path is in, as far as it can be read; `user` is there
 * in any case. Wants collector_settings_done. */
void collector_yaml_load(struct collector_settings *s, const char *path);

const char *store_district_path(const struct store_choice *c);

/* Rows of a table of options, for a struct whose first member is a store_choice. */
#define STORE_OPTIONS                                                                  \
    {"store",     'S',                                                                 \
     OPTION_TEXT, offsetof(struct store_choice, store),                                \
     "FILE",      "the collector's store (/var/lib/hallwatch/collector.store)"},       \
    {                                                                                  \
        "district", 'd', OPTION_TEXT, offsetof(struct store_choice, district), "FILE", \
            "the district (/etc/hallwatch/district.yaml)"                              \
    }

/* Opens it; create: and makes it when it is not there. False after a complaint. */
bool store_choose(const struct store_choice *c, bool create, struct store **ret_store,
                  struct district **ret_district);

/* For the audit record: who is at the terminal, "login:NAME". Yours to free. */
char *login_name(void);

/* ---- keys ---- */

/* The public half of a key file, at most 159 characters; complains on stderr, -errno. */
int keys_read_public(const char *path, const char *kind, char ret_public[160]);

/* ---- what rules are judged with ---- */

struct world_settings {
    const char *district; /* NULL: none */
    const char *lists;    /* a compiled file, or a lists.yaml; NULL: the shipped ones */
    const char *site;
    char **paths; /* rules; none: the shipped ones */
    int path_count;
    bool example; /* with the shipped rules, and no district: the example one */
};

struct world {
    struct district *district;
    struct listdb *lists;
    struct ruleset *rules;
    char *lists_path;   /* of the compiled file, or NULL */
    char *lists_folder; /* made for it, to be taken away; or NULL */
};

/* False after telling d. */
bool world_load(struct world *w, const struct world_settings *s, struct diags *d);
void world_done(struct world *w);

/* ---- lists ---- */

struct list_build {
    const char *yaml;
    const char *ut1;  /* folder of the Toulouse lists; NULL: those sources are left out */
    const char *out;  /* the compiled file */
    const char *kept; /* list_keep.h; NULL: nothing is kept, or taken from there */
};

struct list_built {
    size_t left_out; /* sources of form ut1 */
    size_t kept;     /* lists that stayed as they were */
};

/* Compiles what a lists.yaml names. False after telling d; then out is as it was. */
bool list_build(const struct list_build *set, struct list_built *ret_built,
                struct diags *d);

#endif
