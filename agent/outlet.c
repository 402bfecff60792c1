/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/outlet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/spool.h"
#include "agent/uplink.h"
#include "log.h"
#include "mem.h"

#define PRINT_BUFFER ((size_t)4 << 20)

struct outlet {
    bool print;
    struct spool *spool;
    struct uplink *uplink;
    char **addresses;
    size_t address_count;
    uint64_t put, printed;
    bool losing;
    bool unprinted; /* and said */
    outlet_ask_fn *on_ask;
    void *ask_arg;
};

static int open_spool(struct outlet *o, const struct settings *s)
{
    auto_free char *path = xasprintf("%s/spool.db", s->state);
    int r = spool_open(&(struct spool_settings){.path = path,
                                                .quota = s->quota,
                                                .evidence_quota = s->evidence_quota},
                       &o->spool);

    if (r == -EBUSY)
        log_error("%s is in use: does another agent run with this state folder?", path);
    else if (r == -EPROTONOSUPPORT)
        log_error("%s was written by a later version of this program", path);
    else if (r < 0)
        log_error("%s cannot be opened: %s", path, strerror(-r));
    return r;
}

static void hear_ask(const struct wire_ask *ask, void *arg)
{
    struct outlet *o = arg;

    if (o->on_ask)
        o->on_ask(ask, o->ask_arg);
}

static int open_uplink(struct outlet *o, const struct settings *s,
                       const struct outlet_keys *keys, struct loop *loop)
{
    struct uplink_settings set = {.loop = loop,
                                  .spool = o->spool,
                                  .server_key = keys->server,
                                  .keys = keys->wire,
                                  .version = VERSION,
                                  .on_ask = hear_ask,
                                  .arg = o};
    int r = uplink_boot_id(set.boot);

    o->addresses = xcalloc(s->collectors.count, sizeof(*o->addresses));
    for (; o->address_count < s->collectors.count; o->address_count++)
        o->addresses[o->address_count] =
            xasprintf("tcp://%s", s->collectors.items[o->address_count]);
    set.addresses = (const char *const *)o->addresses;
    set.address_count = o->address_count;
    if (r == 0)
        r = uplink_new(&set, &o->uplink);
    crypt_wipe(&set.keys, sizeof(set.keys));
    if (r < 0)
        log_error("the collector cannot be spoken to: %s",
                  r == -EINVAL ? "an address or a key of it is none" : strerror(-r));
    return r;
}

int outlet_open(const struct settings *settings, bool print,
                const struct outlet_keys *keys, struct loop *loop,
                struct outlet **ret_outlet)
{
    struct outlet *o = xcalloc(1, sizeof(*o));
    int r = 0;

    o->print = print;
    if (print) /* lines go out together, by outlet_flush only */
        setvbuf(stdout, NULL, _IOFBF, PRINT_BUFFER);
    if (!print)
        r = open_spool(o, settings);
    if (!print && r == 0)
        r = open_uplink(o, settings, keys, loop);
    if (r == 0)
        *ret_outlet = o;
    else
        outlet_close(o);
    return r;
}

void outlet_close(struct outlet *o)
{
    if (!o)
        return;
    outlet_flush(o);
    uplink_free(o->uplink);
    spool_close(o->spool);
    for (size_t i = 0; i < o->address_count; i++)
        free(o->addresses[i]);
    free(o->addresses);
    free(o);
}

void outlet_put(struct outlet *o, enum wire_stream stream, const char *document,
                size_t len)
{
    int r = 0;

    if (stream == WIRE_ALERTS)
        o->put++;
    if (!o->print)
        r = uplink_append(o->uplink, stream, document, len);
    else {
        fwrite(document, 1, len, stdout);
        putchar('\n');
    }
    if (r < 0 && !o->losing) /* and counted: the log needs room, too */
        log_warn("from here on documents are lost: %s", strerror(-r));
    o->losing = r < 0;
}

void outlet_on_ask(struct outlet *o, outlet_ask_fn *fn, void *arg)
{
    o->on_ask = fn;
    o->ask_arg = arg;
}

void outlet_answer(struct outlet *o, const struct wire_answer *answer)
{
    const struct wire_head head = {.type = WIRE_EVIDENCE_ANSWER};
    auto_buffer struct buffer payload = {0};

    wire_answer_add(&payload, answer);
    if (!o->print)
        (void)uplink_say(o->uplink, &head, payload.at, payload.len);
}

void outlet_end_line(struct outlet *o)
{
    if (o->print)
        putchar('\n');
}

/* A reader that has seen enough, as head(1), is no fault. */
static void say_unprinted(struct outlet *o, int error)
{
    if (!o->unprinted && error == EPIPE)
        log_info("nobody reads the alerts any more");
    else if (!o->unprinted)
        log_error("the alerts cannot be printed: %s", strerror(error));
    o->unprinted = true;
}

int outlet_flush(struct outlet *o)
{
    int error;

    if (!o->print)
        return 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        o->printed = o->put;
        return 0;
    }
    error = errno ? errno : EIO;
    say_unprinted(o, error);
    return -error;
}

void outlet_keep(struct outlet *o)
{
    if (o->print)
        outlet_flush(o);
    else
        uplink_commit(o->uplink); /* it says itself when the disk does not take it */
}

uint64_t outlet_put_ever(const struct outlet *o)
{
    return o->put;
}

/* Not by their numbers: those of a new spool begin at 1 again. */
uint64_t outlet_safe(const struct outlet *o)
{
    uint64_t waiting = o->print ? 0 : spool_waiting(o->spool, WIRE_ALERTS);

    if (o->print)
        return o->printed;
    return waiting < o->put ? o->put - waiting : 0;
}

static bool holds(const struct outlet *o, enum wire_stream stream)
{
    return spool_oldest(o->spool, stream) <= spool_newest(o->spool, stream);
}

bool outlet_waits(const struct outlet *o)
{
    return !o->print &&
           (outlet_safe(o) < o->put || holds(o, WIRE_ALERTS) || holds(o, WIRE_EVIDENCE));
}

uint64_t outlet_lost(const struct outlet *o)
{
    return o->print ? 0 : spool_counts(o->spool)->streams[WIRE_ALERTS].lost;
}
