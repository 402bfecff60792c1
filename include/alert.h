/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert.h - an alert: one JSON document, made once in the courier, carried and stored as
 * it is. EVE-compatible; docs/EVENTS.md has every field.
 *
 * How much of a person it shows is decided here, by the rule's identity:
 *   none       no device in it at all: no inside address, MAC or name
 *   pseudonym  hallwatch.device.pseudonym, a keyed name that changes each term; the true
 *              address, MAC and name are sealed in hallwatch.device.sealed for the vault
 * key device     open
 * What a rule hides (`hide`) is in no alert at all, sealed neither; hallwatch.hidden says
 * that something was left out.
 *
 * An alert that stands for a burst of devices shows none of them, and leads to no
 * playbook.
 */
#ifndef ALERT_H
#define ALERT_H

#include "crypt.h"
#include "listdb.h"
#include "rule.h"
#include "tracker.h"

struct alert_maker;

struct alert_settings {
    const struct ruleset *rules;
    const struct listdb *lists;      /* NULL: none */
    const struct district *district; /* NULL: none */
    const char *agent;               /* its name */
    const struct crypt_hash_key *pseudonym_key;
    const struct crypt_box_public
        *vault; /* NULL: nothing is sealed, true names are left out */
    bool drill; /* everything is marked as a drill */
};

struct alert_maker *alert_maker_new(const struct alert_settings *settings);
void alert_maker_free(struct alert_maker *m);

/*
 * The rules and lists before these, borrowed: a sensor may have found a hit by them that
 * is only now decided, and its alert names the list as it was. NULL: there are none.
 */
void alert_maker_before(struct alert_maker *m, const struct ruleset *rules,
                        const struct listdb *lists);

/* The alerts that follow come of a hit of this rule of those before; ALERT_PRESENT: of
 * the present ones, as at first. */
#define ALERT_PRESENT SIZE_MAX
void alert_maker_found_by(struct alert_maker *m, size_t rule_before);

/* The document of an alert, or NULL for a rule in shadow mode. Yours to free. */
struct json *alert_make(struct alert_maker *m, const struct raised *r);

/* What the rule hides of this event: the fields that it names and, where these tell what
 * was visited, the address of the outside end and what a program calls itself. */
struct field_set alert_hides(const struct rule *rule, const struct event *e);

/* By the age band of the event's segment; that of a burst where it stands for others. */
enum severity alert_severity(const struct rule *rule, const struct raised *r);

/* "7KQX-M3TA": the pseudonym of a device (hardware address or address as text). */
#define ALERT_PSEUDONYM 12
void alert_pseudonym(const struct crypt_hash_key *key, const char *term,
                     const char *device, char ret_name[ALERT_PSEUDONYM]);

#endif
