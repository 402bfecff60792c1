/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api.h"
#include "collector/process.h"
#include "log.h"
#include "mem.h"

struct api_process {
    struct tokens *tokens;
    struct api *api;
    struct http *http;
};

static int load_tokens(struct api_process *self, const struct collector_settings *s)
{
    auto_diags struct diags *d = diags_new();

    if (!s->api.tokens)
        return 0;
    if (collector_settings_check_tokens(s, d))
        self->tokens = tokens_load(s->api.tokens, d);
    if (self->tokens)
        return 0;
    process_log_faults("the tokens cannot be used", d);
    return -EINVAL;
}

int api_process_open(struct process *p, void **ret_self)
{
    struct api_process *self = xcalloc(1, sizeof(*self));
    auto_free char *error = NULL;
    struct http_settings set = {
        .loop = p->loop, .address = p->settings->api.listen, .fn = api_answer};
    int r = load_tokens(self, p->settings);

    *ret_self = self;
    if (r < 0)
        return r;
    self->api = api_new(&(struct api_settings){
        .store = p->store, .tokens = self->tokens, .board = p->board});
    set.arg = self->api;
    r = http_new(&set, &self->http, &error);
    if (r < 0)
        log_error("%s", error);
    else
        log_info("answers at http://%s", p->settings->api.listen);
    return r;
}

void api_process_close(void *arg)
{
    struct api_process *self = arg;

    http_free(self->http);
    api_free(self->api);
    tokens_free(self->tokens);
    free(self);
}
