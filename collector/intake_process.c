/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/asker.h"
#include "collector/intake.h"
#include "collector/process.h"
#include "collector/store_intake.h"
#include "log.h"
#include "mem.h"

struct intake_process {
    struct store_intake *store;
    struct intake *intake;
    struct asker *asker;
    struct watch *timer;
};

static int send_ask(const char *agent, const struct wire_ask *ask, void *arg)
{
    struct intake_process *self = arg;

    return intake_ask(self->intake, agent, ask);
}

static void on_answer(const char *agent, const struct wire_answer *answer, void *arg)
{
    struct intake_process *self = arg;

    asker_answer(self->asker, agent, answer);
}

static void on_welcome(const char *agent, void *arg)
{
    struct intake_process *self = arg;

    asker_welcome(self->asker, agent);
}

static void on_second(void *arg)
{
    struct intake_process *self = arg;

    asker_tick(self->asker, clock_monotonic());
}

static int read_keys(const struct collector_settings *s, struct wire_keys *ret_keys)
{
    char public[160], secret[160];
    int r = crypt_key_read(s->intake.key, "wire", public, secret);

    if (r == 0 && (strlen(public) >= CRYPT_Z85 || strlen(secret) >= CRYPT_Z85))
        r = -EBADMSG;
    if (r < 0) {
        log_error("the collector's key %s cannot be read: %s", s->intake.key,
                  r == -EBADMSG ? "it is no wire key file" : strerror(-r));
        return r;
    }
    memcpy(ret_keys->public, public, strlen(public) + 1);
    memcpy(ret_keys->secret, secret, strlen(secret) + 1);
    crypt_wipe(secret, sizeof(secret));
    return 0;
}

int intake_process_open(struct process *p, void **ret_self)
{
    struct intake_process *self = xcalloc(1, sizeof(*self));
    auto_free char *address = xasprintf("tcp://%s", p->settings->intake.listen);
    auto_free char *error = NULL;
    struct intake_settings set = {.loop = p->loop,
                                  .address = address,
                                  .on_answer = on_answer,
                                  .on_welcome = on_welcome,
                                  .arg = self};
    int r = read_keys(p->settings, &set.keys);

    *ret_self = self;
    if (r < 0)
        return r;
    self->store = store_intake_new(p->store);
    set.store = store_intake_functions(self->store);
    self->asker = asker_new(p->store, send_ask, self);
    r = intake_new(&set, &self->intake, &error);
    crypt_wipe(&set.keys, sizeof(set.keys));
    if (r < 0)
        log_error("%s", error ? error : strerror(-r));
    else
        self->timer =
            loop_watch_timer(p->loop, USEC_PER_SEC, USEC_PER_SEC, on_second, self);
    return r;
}

void intake_process_close(void *arg)
{
    struct intake_process *self = arg;

    loop_unwatch(self->timer);
    intake_free(self->intake);
    asker_free(self->asker);
    store_intake_free(self->store);
    free(self);
}
