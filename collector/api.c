/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/api_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_audit.h"
#include "mem.h"
#include "text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(role)    (UINT32_C(1) << (role))
#define TECHNICAL    (BIT(ROLE_NETWORK_ADMIN) | BIT(ROLE_SECURITY))
/* Who may know that there is a single one, of whichever owner (sight.c). */
#define NUMBERS (TECHNICAL | BIT(ROLE_SAFETY_OFFICER) | BIT(ROLE_PRIVACY_OFFICER))
#define LEADS   (NUMBERS | BIT(ROLE_EXAMS_OFFICER))

#define PAGE   "before", "limit"
#define FILTER "rule", "site", "device", "playbook", "severity", "drills"

/* A path that ends with a slash has a number behind it. */
static const struct route {
    const char *path;
    uint32_t roles; /* who may ask */
    question_fn *answer;
    const char *const params[16];
} routes[] = {
    {"/v1/alerts", LEADS, api_alerts, {PAGE, FILTER, "incident", "since", "until"}},
    {"/v1/incidents", LEADS, api_incidents, {PAGE, FILTER, "state"}},
    {"/v1/incidents/", LEADS, api_incident, {NULL}},
    {"/v1/runs", LEADS, api_runs, {PAGE, "incident", "active"}},
    {"/v1/tasks", LEADS, api_tasks, {"incident", "run", "role", "state", "limit"}},
    {"/v1/agents", TECHNICAL, api_agents, {NULL}},
    {"/v1/evidence", LEADS, api_evidence_list, {PAGE, "incident"}},
    {"/v1/evidence/", LEADS, api_evidence, {NULL}},
};

/* ---- questions ---- */

void question_refuse(struct question *q, unsigned status, const char *format, ...)
{
    va_list args;

    if (q->status)
        return;
    va_start(args, format);
    q->status = status;
    q->sentence = xvasprintf(format, args);
    va_end(args);
}

uint64_t question_number(struct question *q, const char *name, uint64_t otherwise)
{
    const char *text = http_query(q->request, name);
    uint64_t number = otherwise;

    if (text && (text_parse_number(text, &number) != 0 || number > INT64_MAX))
        question_refuse(q, 400, "\"%s\" is a whole number, not \"%s\"", name, text);
    return number;
}

usec_t question_time(struct question *q, const char *name)
{
    const char *text = http_query(q->request, name);
    usec_t time = 0;

    if (text && clock_parse(text, &time) != 0)
        question_refuse(q, 400,
                        "\"%s\" is a time like 2026-01-31 or "
                        "2026-01-31T09:00:00Z, not \"%s\"",
                        name, text);
    return time;
}

static int find_word(struct question *q, const char *name, const char *word,
                     const struct names *names)
{
    int index = names_find(names, word);
    auto_buffer struct buffer known = {0};

    if (index >= 0)
        return index;
    for (size_t i = 0; i < names->count; i++)
        buffer_print(&known, "%s%s", i ? ", " : "", names->at[i]);
    question_refuse(q, 400, "there is no %s \"%s\" (for \"%s\"); there are: %s",
                    names->what, word, name, known.at);
    return -1;
}

int question_word(struct question *q, const char *name, const struct names *names)
{
    const char *text = http_query(q->request, name);

    return text ? find_word(q, name, text, names) : -1;
}

uint32_t question_words(struct question *q, const char *name, const struct names *names)
{
    const char *text = http_query(q->request, name);
    auto_free char *copy = text ? xstrdup(text) : NULL;
    uint32_t bits = 0;

    for (char *rest = copy, *word; copy && (word = strsep(&rest, ","));) {
        int index = find_word(q, name, word, names);

        if (index >= 0)
            bits |= UINT32_C(1) << index;
    }
    return bits;
}

bool question_flag(struct question *q, const char *name)
{
    const char *text = http_query(q->request, name);

    if (text && strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
        question_refuse(q, 400, "\"%s\" is yes or no, not \"%s\"", name, text);
    return text && strcmp(text, "yes") == 0;
}

/* ---- who asks ---- */

static const struct token *who_asks(const struct api *a, const struct http_request *r)
{
    static const char scheme[] = "Bearer ";
    const char *said = r->authorization;

    if (!a->set.tokens || strncasecmp(said, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    said += sizeof(scheme) - 1;
    return tokens_find(a->set.tokens, said, strlen(said));
}

static bool may_ask(struct question *q, uint32_t roles)
{
    const struct token *token = who_asks(q->api, q->request);

    if (!token) {
        question_refuse(q, 401,
                        "a token is needed: \"Authorization: Bearer ...\"; `hallwatch "
                        "tokens add` makes one");
        return false;
    }
    q->token = token;
    q->role = token->role;
    if (roles & BIT(token->role))
        return true;
    question_refuse(q, 403, "the role of this token (%s) may not see this",
                    names_get(&names_role, token->role));
    return false;
}

/* ---- routes ---- */

/* Whether the path is the route's; in *ret_id the number behind it. */
static bool fits(const struct route *route, const char *path, int64_t *ret_id)
{
    size_t len = strlen(route->path);
    uint64_t id = 0;

    if (route->path[len - 1] != '/')
        return strcmp(route->path, path) == 0;
    if (strncmp(route->path, path, len) != 0 || text_parse_number(path + len, &id) != 0 ||
        id > INT64_MAX)
        return false;
    *ret_id = (int64_t)id;
    return true;
}

struct params {
    struct question *question;
    const struct route *route;
};

static void check_param(const char *name, const char *value, void *arg)
{
    struct params *p = arg;
    auto_buffer struct buffer known = {0};

    (void)value;
    for (size_t i = 0; p->route->params[i]; i++) {
        if (strcmp(p->route->params[i], name) == 0)
            return;
        buffer_print(&known, "%s%s", i ? ", " : "", p->route->params[i]);
    }
    question_refuse(p->question, 400, "%s does not know \"%s\"; it knows: %s",
                    p->route->path, name, known.len ? known.at : "nothing");
}

/* ---- the record ---- */

static void add_param(const char *name, const char *value, void *arg)
{
    json_put_text(arg, name, value);
}

/* Who looks at what about people is on the audit record; without it nothing is shown. */
static int record(struct question *q)
{
    auto_free char *who = xasprintf("token:%s", q->token->name);
    auto_json struct json *params = json_new_object();
    auto_free char *detail = NULL;
    int r = store_begin(q->store);

    http_each_query(q->request, add_param, params);
    detail = json_write(params);
    if (r == 0)
        r = store_audit_add(q->store, who, "api.read", q->request->path, detail);
    if (r == 0)
        return store_commit(q->store);
    store_rollback(q->store);
    return r;
}

static void answer_route(struct question *q, const struct route *route)
{
    struct params params = {q, route};
    int r;

    if (!may_ask(q, route->roles))
        return;
    http_each_query(q->request, check_param, &params);
    if (q->status)
        return;
    r = route->answer(q);
    if (r == 0 && !q->status)
        r = record(q);
    if (r == -ENOENT)
        question_refuse(q, 404, "%s", store_error(q->store));
    else if (r < 0)
        question_refuse(q, 503, "the store does not answer: %s", store_error(q->store));
}

static void find_route(struct question *q)
{
    for (size_t i = 0; i < COUNT(routes); i++) {
        if (!fits(&routes[i], q->request->path, &q->id))
            continue;
        answer_route(q, &routes[i]);
        return;
    }
    question_refuse(q, 404,
                    "there is nothing at %s; there are /healthz, /metrics, /v1/alerts, "
                    "/v1/incidents, /v1/incidents/ID, /v1/runs, /v1/tasks, "
                    "/v1/agents, /v1/evidence and /v1/evidence/ID",
                    q->request->path);
}

/* ---- answers ---- */

static void write_text(struct http_answer *a, struct buffer *b, const char *type)
{
    a->status = 200;
    a->type = type;
    a->len = b->len;
    a->body = buffer_take(b);
}

static void write_json(struct http_answer *a, unsigned status, const struct json *json)
{
    a->status = status;
    a->type = "application/json";
    a->body = json_write(json);
    a->len = strlen(a->body);
}

static void write_refusal(const struct question *q, struct http_answer *a)
{
    auto_json struct json *json = json_new_object();

    json_put_number(json, "status", q->status);
    json_put_text(json, "error", q->sentence);
    write_json(a, q->status, json);
    a->allow = q->status == 405 ? "GET, HEAD" : NULL;
}

static void healthz(struct question *q)
{
    char *version = NULL;
    int r = store_meta_get(q->store, "version", &version);

    free(version);
    if (r < 0 && r != -ENOENT) {
        question_refuse(q, 503, "the store does not answer: %s", store_error(q->store));
        return;
    }
    q->answer = json_new_object();
    json_put_text(q->answer, "status", "ok");
    json_put_text(q->answer, "version", VERSION);
}

static void metrics(struct question *q, struct http_answer *ret)
{
    auto_buffer struct buffer out = {0};

    if (!may_ask(q, NUMBERS))
        return;
    if (api_metrics(q->api, &out) < 0)
        question_refuse(q, 503, "the store does not answer: %s", store_error(q->store));
    else
        write_text(ret, &out, "text/plain; version=0.0.4");
}

void api_answer(const struct http_request *request, struct http_answer *ret, void *arg)
{
    struct api *a = arg;
    struct question q = {.api = a, .store = a->set.store, .request = request};

    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
        question_refuse(&q, 405, "this can be asked (GET), not changed");
    else if (strcmp(request->path, "/healthz") == 0)
        healthz(&q);
    else if (strcmp(request->path, "/metrics") == 0)
        metrics(&q, ret);
    else
        find_route(&q);
    if (q.status)
        write_refusal(&q, ret);
    else if (q.answer)
        write_json(ret, 200, q.answer);
    json_free(q.answer);
    free(q.sentence);
}

struct api *api_new(const struct api_settings *settings)
{
    struct api *a = xcalloc(1, sizeof(*a));

    a->set = *settings;
    return a;
}

void api_free(struct api *a)
{
    free(a);
}
