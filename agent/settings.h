/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - agent.yaml: what one sensor box is to do. hallwatch-agent.yaml(5) is made
 * from the table here.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/content.h"
#include "conf.h"

#define SETTINGS_SENSORS_MAX 32 /* on all interfaces together */

enum evidence_keep { EVIDENCE_OFF, EVIDENCE_HEADERS, EVIDENCE_PAYLOAD };

struct settings {
    char *name, *site;
    struct conf_texts interfaces;
    uint64_t sensors; /* on each interface */
    char *filter;
    uint64_t ring; /* bytes, of each sensor */
    uint64_t flows;
    usec_t active_timeout;
    char *district, *lists;
    struct conf_texts rules;
    char *state, *user;
    struct conf_texts collectors;
    char *collector_key, *key, *vault, *pseudonym_key;
    uint64_t quota, evidence_quota;
    unsigned evidence; /* enum evidence_keep */
    uint64_t evidence_payload, evidence_memory;
    bool evidence_ask;
    unsigned log; /* enum log_level */
    bool drill, hosts, usual;

    const char *const *assignments; /* from the command line; borrowed */
    size_t assignment_count;
};

extern const struct conf_option settings_table[];

/*
 * From a file, then assignments from the command line over it ("log=debug"). False: d
 * says why; in both cases settings wants settings_done.
 */
bool settings_load(struct settings *s, const char *path, const char *const *assignments,
                   size_t count, struct diags *d);
void settings_done(struct settings *s);

/* Where that option was given: the assignment, or path, the file. Yours to free. */
char *settings_origin(const struct settings *s, const char *key, const char *path);

/* What cannot be told from one option alone: interfaces that are not there, keys that
 * cannot be read, what goes together. path: where they were read, for the faults. */
bool settings_check(const struct settings *s, const char *path, struct diags *d);

/* Rules and their tests, district and lists, and whether the settings' site is one of the
 * district's. */
bool settings_check_content(const struct settings *s, usec_t now, struct diags *d);

/* Bytes of a frame that a rule may have as evidence; 0: its headers. */
uint32_t settings_payload(const struct settings *s);

/* What of it is content, with the age of lists held against now. */
struct content_settings settings_content(const struct settings *s, usec_t now);

#endif
