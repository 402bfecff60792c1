/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_inside.h - one question under way: between api.c, which routes it, and its answers.
 */
#ifndef API_INSIDE_H
#define API_INSIDE_H

#include "collector/api.h"
#include "collector/store_count.h"
#include "collector/store_evidence.h"

struct api {
    struct api_settings set;
    struct store_alert_count alerts; /* what was counted so far */
};

struct question {
    struct api *api;
    struct store *store;
    const struct http_request *request;
    const struct token *token; /* of who asks */
    enum role role;            /* its role */
    int64_t id;                /* at the end of the path */
    unsigned status;           /* 0: all is well so far */
    char *sentence;            /* why it is not; the question's */
    struct json *answer;
};

/* The first reason counts. */
void question_refuse(struct question *q, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A value of the query in its type; what cannot be read is refused. 0, NULL or otherwise
 * when it is not there. */
uint64_t question_number(struct question *q, const char *name, uint64_t otherwise);
usec_t question_time(struct question *q, const char *name);
int question_word(struct question *q, const char *name,
                  const struct names *names); /* -1 */
uint32_t question_words(struct question *q, const char *name, const struct names *names);
bool question_flag(struct question *q, const char *name);

/* What a route is answered by; what the store says is an error becomes a 503. */
typedef int question_fn(struct question *q);

question_fn api_alerts, api_incidents, api_incident, api_runs, api_tasks, api_agents,
    api_evidence, api_evidence_list;

/* One piece as whoever asks may see it, who may; with its history. */
struct json *api_evidence_seen(struct question *q, const struct store_evidence *e);

/* Puts "evidence", that of an incident, into `to`, as far as who asks may know of it. */
int api_evidence_of(struct question *q, int64_t incident, struct json *to);

/* The text for Prometheus; yours. */
int api_metrics(struct api *a, struct buffer *out);

#endif
