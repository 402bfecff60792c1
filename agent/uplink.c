/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol is in link.c; here are its sockets, its clock and its log. One timer
 * serves the spool's commits, the link's heartbeats and the wait for the next address:
 * whatever is due first.
 */
#include "uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

struct uplink {
    struct uplink_settings set;
    struct wire *wire;
    struct wire_port *port; /* NULL between two */
    struct link *link;
    struct watch *timer;
    struct uplink_counts counts;
    usec_t armed;
    usec_t open_at; /* the next port; SPOOL_NEVER while there is one */
    size_t address; /* in use or next */
    bool told_refusal, told_down;
    int told_failure;
    uint64_t told_damaged;
};

int uplink_boot_id(uint8_t ret_boot[WIRE_BOOT])
{
    auto_close int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
    char text[64] = "", hex[2 * WIRE_BOOT + 1];
    size_t len = 0;

    if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
        return -errno;
    for (const char *at = text; *at && len < 2 * WIRE_BOOT; at++)
        if (*at != '-')
            hex[len++] = *at;
    hex[len] = '\0';
    return crypt_unhex(hex, ret_boot, WIRE_BOOT);
}

/* ------------------------------------------------------------------ the timer */

/* After anything that may have changed what is due. */
static void arm(struct uplink *u)
{
    usec_t due = spool_due(u->set.spool), link = link_due(u->link), now;

    if (link < due)
        due = link;
    if (u->open_at < due)
        due = u->open_at;
    if (due == u->armed)
        return;
    u->armed = due;
    now = clock_monotonic();
    loop_change_timer(u->timer,
                      due == SPOOL_NEVER ? LOOP_NEVER
                      : due > now        ? due - now
                                         : 0,
                      0);
}

/* ------------------------------------------------------------------ the port */

static int send_now(const struct wire_head *head, const void *payload, size_t len,
                    void *arg)
{
    struct uplink *u = arg;
    struct wire_head stamped = *head;

    if (!u->port)
        return -EAGAIN;
    stamped.sent = clock_wall();
    return wire_send(u->port, NULL, &stamped, payload, len);
}

static void hear_config(const struct wire_head *head, struct cur payload, void *arg)
{
    struct uplink *u = arg;

    if (u->set.on_config)
        u->set.on_config(head, payload, u->set.arg);
}

static void hear_ask(const struct wire_ask *ask, void *arg)
{
    struct uplink *u = arg;

    if (u->set.on_ask)
        u->set.on_ask(ask, u->set.arg);
}

static void on_message(const struct wire_message *m, void *arg)
{
    struct uplink *u = arg;

    link_receive(u->link, m->bytes, m->len, clock_monotonic());
}

/* Acknowledgements have come: there may be credit again. */
static void on_turn(void *arg)
{
    struct uplink *u = arg;

    link_send(u->link, clock_monotonic());
    if (u->told_down && link_counts(u->link)->state == LINK_UP) {
        log_info("collector answers again address=%s", u->counts.address);
        u->told_down = u->told_refusal = false;
    }
    arm(u);
}

static void on_ready(void *arg)
{
    struct uplink *u = arg;
    usec_t now = clock_monotonic();

    link_connected(u->link, now);
    link_send(u->link, now);
    arm(u);
}

static void on_lost(void *arg)
{
    struct uplink *u = arg;

    link_lost(u->link);
    arm(u);
}

static void on_refused(enum wire_refusal why, const char *key, const char *from,
                       void *arg)
{
    struct uplink *u = arg;

    (void)key;
    (void)from;
    if (why == WIRE_REFUSED_KEY)
        u->counts.refused_keys++;
    else
        u->counts.refused_handshakes++;
    if (u->told_refusal)
        return;
    u->told_refusal = true;
    if (why == WIRE_REFUSED_KEY)
        log_warn("the collector refuses this agent's key: allow it there with `hallwatch "
                 "agents add NAME --site SITE -- '%s'` address=%s",
                 u->set.keys.public, u->counts.address);
    else
        log_warn("no handshake with the collector: is %s its public key? address=%s",
                 u->set.server_key, u->counts.address);
}

static void open_port(struct uplink *u, usec_t now)
{
    struct wire_calls calls = {.on_message = on_message,
                               .on_turn = on_turn,
                               .on_ready = on_ready,
                               .on_lost = on_lost,
                               .arg = u};
    int r;

    u->counts.address = u->set.addresses[u->address];
    r = wire_connect(u->wire, u->counts.address, u->set.server_key, &u->set.keys, &calls,
                     &u->port);
    if (r < 0) { /* it was tried once when we were made: libzmq is out of something */
        log_error("cannot open a socket address=%s: %s", u->counts.address, strerror(-r));
        u->open_at = now + USEC_PER_MIN;
        return;
    }
    u->open_at = SPOOL_NEVER;
    u->counts.connections++;
    link_opened(u->link, now);
}

static void next_address(struct uplink *u, enum link_end end, usec_t at)
{
    if (!u->told_down)
        log_warn("the collector %s; the spool keeps what there is to say address=%s",
                 link_end_text(end), u->counts.address);
    u->told_down = true;
    wire_close(u->port);
    u->port = NULL;
    u->address = (u->address + 1) % u->set.address_count;
    u->open_at = at;
}

/* ------------------------------------------------------------------ turns */

static void tell_damage(struct uplink *u)
{
    uint64_t damaged = spool_counts(u->set.spool)->damaged;

    if (damaged == u->told_damaged)
        return;
    u->told_damaged = damaged;
    log_error("the spool was damaged: it was moved aside, beside itself with the ending "
              ".damaged, and a new one begun");
}

static void tell_failure(struct uplink *u)
{
    int r = spool_counts(u->set.spool)->failing;

    if (r == u->told_failure)
        return;
    u->told_failure = r;
    if (r < 0)
        log_error("cannot write the spool: %s; new records wait in memory, then are lost "
                  "and counted: make room on its disk",
                  strerror(-r));
    else
        log_info("the spool can be written again");
}

static void on_timer(void *arg)
{
    struct uplink *u = arg;
    usec_t now = clock_monotonic(), wait;
    enum link_end end;

    u->armed = SPOOL_NEVER; /* it has run */
    spool_tick(u->set.spool, now);
    tell_failure(u);
    tell_damage(u);
    end = link_tick(u->link, now, &wait);
    if (end != LINK_STAYS)
        next_address(u, end, now + wait);
    if (u->open_at <= now)
        open_port(u, now);
    arm(u);
}

int uplink_append(struct uplink *u, enum wire_stream stream, const void *bytes,
                  size_t len)
{
    int r = spool_append(u->set.spool, stream, bytes, len, clock_monotonic());

    arm(u);
    return r;
}

int uplink_commit(struct uplink *u)
{
    int r = spool_commit(u->set.spool, clock_monotonic());

    arm(u);
    return r;
}

int uplink_say(struct uplink *u, const struct wire_head *head, const void *payload,
               size_t len)
{
    if (link_counts(u->link)->state != LINK_UP)
        return -EAGAIN;
    return send_now(head, payload, len, u);
}

void uplink_set_bundle(struct uplink *u, uint64_t serial)
{
    link_set_bundle(u->link, serial);
}

/* ------------------------------------------------------------------ life */

/* What open_port would fail at later is found now. */
static int try_addresses(struct uplink *u)
{
    struct wire_calls calls = {.on_message = on_message, .arg = u};
    struct wire_port *port;

    for (size_t i = 0; i < u->set.address_count; i++) {
        int r = wire_connect(u->wire, u->set.addresses[i], u->set.server_key,
                             &u->set.keys, &calls, &port);

        if (r < 0)
            return r;
        wire_close(port);
    }
    return 0;
}

int uplink_new(const struct uplink_settings *set, struct uplink **ret_uplink)
{
    struct uplink *u = xcalloc(1, sizeof(*u));
    struct wire_gate gate = {.on_refused = on_refused, .arg = u};
    struct link_settings link = {.spool = set->spool,
                                 .version = set->version,
                                 .send = send_now,
                                 .on_config = hear_config,
                                 .on_ask = hear_ask,
                                 .arg = u};
    int r;

    u->set = *set;
    u->armed = SPOOL_NEVER;
    memcpy(link.boot, set->boot, WIRE_BOOT);
    u->link = link_new(&link);
    u->timer = loop_watch_timer(set->loop, LOOP_NEVER, 0, on_timer, u);
    r = wire_new(set->loop, &gate, &u->wire);
    if (r == 0)
        r = try_addresses(u);
    if (r < 0) {
        uplink_free(u);
        return r;
    }
    tell_damage(u);
    arm(u);
    *ret_uplink = u;
    return 0;
}

void uplink_free(struct uplink *u)
{
    if (!u)
        return;
    link_bye(u->link);
    wire_free(u->wire);
    loop_unwatch(u->timer);
    link_free(u->link);
    crypt_wipe(&u->set.keys, sizeof(u->set.keys));
    free(u);
}

const struct uplink_counts *uplink_counts(struct uplink *u)
{
    u->counts.spool = spool_counts(u->set.spool);
    u->counts.link = link_counts(u->link);
    return &u->counts;
}
