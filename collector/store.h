/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the collector's memory: one district's alerts, incidents, runs and people's
 * answers, in SQLite or PostgreSQL. It is all that the collector's processes share.
 *
 * What can be asked of it stands in one header a noun:
 *   store_agent.h     agents, cursors, health, losses, what could not be read
 *   store_alert.h     alerts
 *   store_incident.h  incidents, their changes and notes; each rule's record
 *   store_run.h       playbook runs, their inputs and timers
 *   store_task.h      tasks that wait for people
 *   store_wish.h      the outbox: what runs want done outside
 *   store_silence.h   silences
 *   store_told.h      what rules at the collector told
 *   store_evidence.h  frames that agents gathered for alerts, sealed
 *   store_custody.h   what happened to evidence
 *   store_audit.h     who saw and did what, in a chain of hashes
 *
 * Errors. Every int function gives 0 or -errno, and store_error says it in a sentence:
 *   -ENOENT  no such thing           -EEXIST  it is there already
 *   -ESTALE  somebody was faster, or the store is of another version
 *   -EAGAIN  another process holds the store for longer than 10 s
 *   -ENOSPC  the disk is full; what was committed is safe
 *   -EROFS, -EACCES, -EBADMSG (damaged), -EIO
 *
 * Transactions. Whatever writes stands between store_begin and store_commit. A failed
 * write spoils the transaction: each further write gives the same error, and so does
 * store_commit, which then has undone everything. So a transaction can be written
 * straight down and asked once. -ENOENT, -EEXIST and -ESTALE are answers, and spoil
 * nothing.
 *
 * Rows. Whatever ..._each hands to its callback is borrowed for the length of the call,
 * and the callback may ask other nouns, but not begin or end a transaction. What ..._get
 * and ..._claim fill is yours to ..._done. Text is never NULL: "" means none. Id 0 means
 * none; time 0 means not yet. ..._json gives a row as an object under its members' names:
 * enums as words, times as RFC 3339 or null; yours to json_free.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "clock.h"
#include "json.h"

struct store;

typedef usec_t store_clock_fn(void *arg);

struct store_settings {
    const char *place;    /* a file; PostgreSQL: postgresql://... */
    const char *district; /* whose rows are seen and written */
    bool create; /* make it when it is not there, and bring an old one up to date */
    bool read_only;
    const char *backups; /* folder for the copy before each migration; NULL: beside it */
    store_clock_fn *clock; /* NULL: the store's own */
    void *clock_arg;
};

/* On failure *ret_error (if given) is a sentence that says what to do; yours. */
int store_open(const struct store_settings *settings, struct store **ret_store,
               char **ret_error);
void store_close(struct store *s); /* undoes an open transaction; NULL is fine */
AUTO_DEFINE(store, store_close)
#define auto_store __attribute__((cleanup(auto_store_run)))

/* What went wrong last, for a person; good until the next call. */
const char *store_error(const struct store *s);

const char *store_district(const struct store *s);

/* The one clock that due times, leases and arrivals are measured by. */
usec_t store_now(struct store *s);

int store_begin(struct store *s); /* takes the right to write, waiting up to 10 s */
int store_commit(struct store *s);
void store_rollback(struct store *s); /* nothing happens outside of a transaction */
bool store_in_transaction(const struct store *s);

/* Another value than at the last call: some process has committed since. Cheap: poll it.
 */
uint64_t store_changes(struct store *s);

/* A copy as of now, while others go on writing. -EEXIST: never over a file. */
int store_backup(struct store *s, const char *path);

/* Calls back for each fault found in the file and between the tables; 0 when it could be
 * looked at, whatever was found. */
typedef void store_fault_fn(const char *sentence, void *arg);
int store_check(struct store *s, store_fault_fn *fn, void *arg);

unsigned store_version(const struct store *s); /* the last migration that was applied */

/* Small facts about the store itself. ret_value is yours; -ENOENT. */
int store_meta_get(struct store *s, const char *name, char **ret_value);
int store_meta_put(struct store *s, const char *name, const char *value);

#endif
