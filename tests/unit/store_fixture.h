/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_fixture.h - a new store for each test, with a clock that stands still.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/store.h"
#include "collector/store_alert.h"
#include "collector/store_incident.h"
#include "collector/store_run.h"
#include "mem.h"

#define START (1000 * USEC_PER_DAY)

struct fixture {
    struct store *s;
    char folder[64];
    char place[96];
    usec_t now;
    struct store_settings settings;
};

static inline usec_t fixture_clock(void *arg)
{
    return ((struct fixture *)arg)->now;
}

static inline struct store *open_place(struct fixture *f)
{
    auto_free char *error = NULL;
    struct store *s = NULL;

    if (store_open(&f->settings, &s, &error) != 0)
        fail_msg("%s", error);
    return s;
}

static inline int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->now = START;
    snprintf(f->folder, sizeof(f->folder), "/tmp/hallwatch-store.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->place, sizeof(f->place), "%s/store", f->folder);
    f->settings = (struct store_settings){.place = f->place,
                                          .district = "lakeside",
                                          .create = true,
                                          .clock = fixture_clock,
                                          .clock_arg = f};
    f->s = open_place(f);
    *state = f;
    return 0;
}

static inline void remove_all(const char *folder)
{
    struct dirent **found = NULL;
    int count = scandir(folder, &found, NULL, NULL);
    char path[512];

    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, found[i]->d_name);
        unlink(path); /* not so for . and .. */
        free(found[i]);
    }
    free(found);
    rmdir(folder);
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;

    store_close(f->s);
    remove_all(f->folder);
    free(f);
    return 0;
}

/* ---- what most tests need ---- */

static inline void begin(struct fixture *f)
{
    assert_int_equal(store_begin(f->s), 0);
}

static inline void commit(struct fixture *f)
{
    int rc = store_commit(f->s);

    if (rc)
        fail_msg("%s", store_error(f->s));
}

static inline struct store_alert an_alert(uint64_t seq)
{
    return (struct store_alert){.agent = "lincoln-1",
                                .epoch = UINT64_C(0xf00dfeedf00dfeed),
                                .seq = seq,
                                .at = START - USEC_PER_SEC,
                                .arrived = START,
                                .rule = "net.rogue-dhcp",
                                .title = "Rogue DHCP server",
                                .severity = SEVERITY_HIGH,
                                .site = "lincoln",
                                .segment = "students",
                                .device = "7KQX-M3TA",
                                .playbook = "rogue-device",
                                .owner = ROLE_NETWORK_ADMIN,
                                .document = "{\"event_type\":\"alert\"}"};
}

static inline int64_t an_incident(struct fixture *f)
{
    struct store_incident i = {.key = "rogue-device/lincoln",
                               .playbook = "rogue-device",
                               .rule = "net.rogue-dhcp",
                               .title = "Rogue DHCP server",
                               .site = "lincoln",
                               .severity = SEVERITY_MEDIUM,
                               .owner = ROLE_NETWORK_ADMIN,
                               .alerts = 1,
                               .first = START,
                               .last = START};
    int64_t id = 0;

    assert_int_equal(store_incident_open(f->s, &i, &id), 0);
    return id;
}

static inline int64_t a_run(struct fixture *f, int64_t incident)
{
    struct store_run r = {.incident = incident,
                          .playbook = "rogue-device",
                          .version = 3,
                          .text = "playbook: rogue-device\n",
                          .state = "{\"step\":\"page\"}"};
    int64_t id = 0;

    assert_int_equal(store_run_start(f->s, &r, &id), 0);
    return id;
}

#endif
