/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf.h - settings files: YAML into a struct, by a table.
 *
 *     struct settings {
 *         char *spool;
 *         usec_t heartbeat;
 *         struct conf_texts interfaces;
 *     };
 *
 *     static const struct conf_option options[] = {
 *         {"spool.folder", CONF_PATH, offsetof(struct settings, spool),
 *          .otherwise = "/var/lib/hallwatch", .help = "where alerts wait to be sent"},
 *         {"uplink.heartbeat", CONF_DURATION, offsetof(struct settings, heartbeat),
 *          .otherwise = "5s", .min = USEC_PER_SEC, .help = "how often to be heard of"},
 *         {"interfaces", CONF_TEXTS, offsetof(struct settings, interfaces),
 *          .required = true, .help = "where to listen"},
 *         {0},
 *     };
 *
 * A dotted key is a map in the file: "uplink: {heartbeat: 5s}". What is wrong is reported
 * all at once. Codes: E0901 unknown option, E0902 no address or network, E0903 required
 * and not there; otherwise those of yaml.h.
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "net.h"
#include "text.h"

/* What stands at the offset is in brackets. */
enum conf_type {
    CONF_TEXT,      /* [char *] */
    CONF_PATH,      /* [char *] relative to the file's folder in the file, not here */
    CONF_NUMBER,    /* [uint64_t] */
    CONF_BOOL,      /* [bool] */
    CONF_DURATION,  /* [usec_t] */
    CONF_SIZE,      /* [uint64_t] bytes */
    CONF_ADDRESS,   /* [char *] host:port, [IPv6]:port */
    CONF_NAME,      /* [unsigned] index into names */
    CONF_TEXTS,     /* [struct conf_texts] a list, or one text alone */
    CONF_PATHS,     /* [struct conf_texts] */
    CONF_ADDRESSES, /* [struct conf_texts] */
    CONF_NETWORKS,  /* [struct conf_networks] */
};

struct conf_texts {
    char **items;
    size_t count;
};

struct conf_networks {
    struct prefix *items;
    size_t count;
};

struct conf_option {
    const char *key;
    enum conf_type type;
    size_t offset;
    const char *otherwise; /* as it would stand in the file; NULL: NULL, 0 or empty */
    bool required;
    uint64_t min, max;        /* of a number, duration or size; max 0: no limit */
    const char *const *names; /* of CONF_NAME; ended by NULL */
    const char *help;         /* one line, small first letter, no full stop */
};

/*
 * Fills settings, which must be zeroed, from the file over the defaults; without a path
 * from the defaults only. The table ends with a row without key. False: d says why, and
 * settings still wants conf_free.
 */
bool conf_load(const char *path, const struct conf_option *table, void *settings,
               struct diags *d);
bool conf_parse(const char *name, const char *text, size_t len,
                const struct conf_option *table, void *settings, struct diags *d);

/* "uplink.heartbeat=10s" from a command line, over what was loaded. */
bool conf_set(const char *assignment, const struct conf_option *table, void *settings,
              struct diags *d);

/* Whether all of them could be set, on settings that are zeroed before and after. */
bool conf_sets_fit(const char *const *assignments, size_t count,
                   const struct conf_option *table, void *scratch);

/* As what stands there is told of: in the place of a file. Yours to free. */
char *conf_set_place(const char *assignment);

/* Releases what the settings hold, and zeroes it. */
void conf_free(const struct conf_option *table, void *settings);

/* The table for people: as plain text, and as the items of an mdoc(7) list. */
void conf_print_help(const struct conf_option *table, struct buffer *b);
void conf_print_mdoc(const struct conf_option *table, struct buffer *b);

#endif
