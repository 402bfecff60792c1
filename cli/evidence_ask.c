/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hallwatch evidence ask: the frames of one device, for a while, for an incident.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "collector/playbook_run.h"
#include "collector/store.h"
#include "collector/store_ask.h"
#include "crypt.h"
#include "evidence.h"
#include "mem.h"

#define LENGTH (5 * USEC_PER_MIN)
#define WAIT   USEC_PER_HOUR
#define MOST   (UINT64_C(1) << 20)

/* Who may ask sees the device and its packets, and acts on the alert. False after a
 * complaint. */
static bool may_ask(const struct viewer *v, const struct store_ask_target *t,
                    int64_t incident)
{
    const unsigned wanted = SIGHT_PACKET | SIGHT_DEVICE;

    if ((viewer_sight(v, t->owner, incident) & wanted) != wanted) {
        fprintf(stderr,
                "hallwatch: frames for incident %" PRId64 " are not for your role: they "
                "are for who sees the addresses of its alerts\n",
                incident);
        return false;
    }
    if (run_may_act(v->district, t->owner, v->person->id))
        return true;
    fprintf(stderr,
            "hallwatch: frames for incident %" PRId64 " are asked for by whoever is %s; "
            "%s is not, and does not stand in\n",
            incident, names_get(&names_role, t->owner), v->person->id);
    return false;
}

static int fault(const struct viewer *v, int rc)
{
    viewer_fault(v);
    return rc == -EINVAL || rc == -EPERM || rc == -EBUSY ? OPTIONS_USAGE : EXIT_FAULT;
}

static int write_ask(struct viewer *v, const struct store_ask *a,
                     const struct store_ask_target *t)
{
    char until[VIEWER_WHEN], length[CLOCK_TEXT];
    int64_t id = 0;
    int rc = store_begin(v->store);

    if (rc == 0)
        rc = store_ask_put(v->store, a, t, &id);
    rc = viewer_commit(v, rc);
    if (rc)
        return rc;
    viewer_when(v, "", a->until, until);
    clock_print_duration(a->length, length);
    printf("evidence %" PRId64 ": agent %s is asked for the frames of %s, for %s; it is "
           "waited for until %s\n",
           id, t->agent, t->device, length, until);
    return 0;
}

static int ask_for(struct viewer *v, const struct evidence_options *o, int64_t incident)
{
    struct store_ask_target t = {0};
    struct store_ask a = {.incident = incident,
                          .who = v->who,
                          .why = o->why,
                          .before = o->before,
                          .length = o->length ? o->length : LENGTH,
                          .snaplen = o->snaplen,
                          .most = o->most ? o->most : MOST,
                          .until = store_now(v->store) + (o->wait ? o->wait : WAIT)};
    int code = EXIT_FAULT, rc = store_ask_target(v->store, incident, o->device, &t);

    if (rc)
        return fault(v, rc);
    if (may_ask(v, &t, incident))
        code = write_ask(v, &a, &t);
    store_ask_target_done(&t);
    return code;
}

int evidence_ask(const void *values, int argc, char **argv)
{
    const struct evidence_options *o = values;
    auto_viewer struct viewer v = {0};
    auto_free char *about = NULL;
    int64_t incident = 0;

    (void)argc;
    if (!o->why || o->why[0] == '\0') {
        fputs(
            "hallwatch: evidence ask needs --why TEXT: the purpose stands on its custody "
            "record\n",
            stderr);
        return OPTIONS_USAGE;
    }
    if (crypt_init() < 0 || !viewer_open(&v, &o->viewer) || !viewer_is_somebody(&v) ||
        !viewer_number(argv[0], "incident", &incident))
        return EXIT_FAULT;
    about = xasprintf("incident/%" PRId64, incident);
    if (!viewer_audit(&v, "evidence.ask", about, ""))
        return EXIT_FAULT;
    return ask_for(&v, o, incident);
}
