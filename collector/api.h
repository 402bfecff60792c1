/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h - what programs of this machine may ask over HTTP: read-only JSON, and figures
 * for Prometheus. hallwatch-collector(8) lists the routes.
 *
 * Whoever asks shows a token ("Authorization: Bearer ...", RFC 6750); its role decides
 * what is answered. /healthz alone answers anybody.
 */
#ifndef API_H
#define API_H

#include "collector/board.h"
#include "collector/http.h"
#include "collector/store.h"
#include "tokens.h"

struct api;

struct api_settings {
    struct store *store;         /* borrowed; this process's own */
    const struct tokens *tokens; /* borrowed; NULL: nobody has one */
    const struct board *board;   /* borrowed; NULL: it is not told */
};

struct api *api_new(const struct api_settings *settings);
void api_free(struct api *a); /* NULL is fine */
AUTO_DEFINE(api, api_free)
#define auto_api __attribute__((cleanup(auto_api_run)))

/* An http_fn; arg is the struct api. */
void api_answer(const struct http_request *request, struct http_answer *ret_answer,
                void *arg);

#endif
