/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - collector.yaml: what the district's side is to do.
 * hallwatch-collector.yaml(5) is made from the table here.
 */
#ifndef COLLECTOR_SETTINGS_H
#define COLLECTOR_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "conf.h"

/* The processes that one host runs, in the order in which they are started. */
enum collector_role {
    COLLECTOR_INTAKE,
    COLLECTOR_ENGINE,
    COLLECTOR_RUNNER,
    COLLECTOR_API,
};
#define COLLECTOR_ROLES 4
extern const struct names names_collector_role;

enum smtp_tls { SMTP_TLS_REQUIRED, SMTP_TLS_TRY, SMTP_TLS_NEVER };

struct collector_settings {
    char *district, *lists, *playbooks, *correlate, *notices;
    struct conf_texts rules;
    char *store, *state;
    struct conf_texts roles; /* words of names_collector_role; none: all */
    struct {
        char *listen, *key;
    } intake;
    struct {
        char *listen, *tokens;
    } api;
    struct {
        char *url, *from, *user, *password_file;
        unsigned tls; /* enum smtp_tls */
    } smtp;
    char *webhook_key;
    struct {
        usec_t wait, late;
    } across;
    struct {
        usec_t pause;
        uint64_t attempts;
    } outbox;
    struct {
        usec_t keep;
        uint64_t room, warn; /* warn: percent of room */
    } evidence;
    char *user;
    unsigned log; /* enum log_level */
    bool accept_gaps;
};

extern const struct conf_option collector_settings_table[];

/*
 * From a file, then assignments from the command line over it ("log=debug"). False: d
 * says why; in both cases settings wants collector_settings_done.
 */
bool collector_settings_load(struct collector_settings *s, const char *path,
                             const char *const *assignments, size_t count,
                             struct diags *d);
void collector_settings_done(struct collector_settings *s);

bool collector_settings_has(const struct collector_settings *s, enum collector_role role);

/* What cannot be told from one option alone: keys and passwords that cannot be read, an
 * api that others could reach, roles that want an option. path: where they were read. */
bool collector_settings_check(const struct collector_settings *s, const char *path,
                              struct diags *d);

/* What a check tells of that hinders no start: no mail server. */
void collector_settings_warn(const struct collector_settings *s, const char *path,
                             struct diags *d);

/* Whether the file of "api.tokens" can be read, and by its owner only. Apart, as nothing
 * but the api has to wait for it to be put right. */
bool collector_settings_check_tokens(const struct collector_settings *s, struct diags *d);

#endif
