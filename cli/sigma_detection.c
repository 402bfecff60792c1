/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/sigma_inside.h"

static bool find_source(const struct sigma_document *doc, const struct sigma_source **ret,
                        struct diags *d)
{
    const struct node *n = node_need(doc->root, "the rule", "logsource", d);
    const char *category, *product, *service,
        *taxonomy = sigma_scalar(doc->root, "taxonomy");

    if (!n || !node_is(n, NODE_MAP, d))
        return false;
    category = sigma_scalar(n, "category");
    product = sigma_scalar(n, "product");
    service = sigma_scalar(n, "service");
    *ret = sigma_source_find(category, product, service);
    if (*taxonomy && strcmp(taxonomy, "sigma") != 0) {
        diags_error(d, node_place(node_get(doc->root, "taxonomy")), "E0530",
                    "only Sigma's own names of fields are known, not those of \"%.100s\"",
                    taxonomy);
        return false;
    }
    if (*ret && !(*ret)->why)
        return true;
    diags_error(d, node_place(n), "E0531",
                "this log is nothing that sensors keep:%s%.60s%s%.60s%s%.60s",
                *category ? " category " : "", category, *product ? " product " : "",
                product, *service ? " service " : "", service);
    if (*ret)
        diags_hint(d, "%s", (*ret)->why);
    return false;
}

static bool choose_side(const struct sigma_document *doc, const struct sigma_asking *a,
                        struct sigma_asked *q, const char **ret_base, struct diags *d)
{
    const struct sigma_source *s = a->source;
    bool second = a->sides & 1u << SIGMA_SECOND;

    if (second && (a->sides & 1u << SIGMA_FIRST)) {
        diags_error(d, node_place(doc->detection), "E0535",
                    "the rule asks of a request and of its answer at once; on the wire "
                    "they are two events");
        return false;
    }
    q->watch = s->watch;
    *ret_base = second ? s->second : s->first;
    if (!second && !a->beyond_host && s->host_watch) {
        q->watch = s->host_watch;
        *ret_base = s->host_first;
    }
    return true;
}

bool sigma_ask_detection(struct sigma *s, const struct sigma_document *doc,
                         struct sigma_asked *q, struct diags *d)
{
    struct sigma_asking a = {.arena = &s->arena, .diags = d};
    auto_buffer struct buffer condition = {0};
    const char *base = "";

    if (!find_source(doc, &q->source, d))
        return false;
    a.source = q->source;
    if (!sigma_condition(&a, doc->detection, &condition, &q->window) ||
        !choose_side(doc, &a, q, &base, d))
        return false;
    buffer_print(&q->when, "%s%s%s", base, *base ? " and " : "", condition.at);
    return true;
}

bool sigma_read_span(const struct node *n, const char **ret, struct diags *d)
{
    usec_t span;

    *ret = node_text(n);
    if (strchr(*ret, 'M') == NULL && node_read_duration(n, &span, d))
        return true;
    if (strchr(*ret, 'M'))
        diags_error(d, node_place(n), "E0536", "months cannot be counted here");
    return false;
}

void sigma_put_by(const enum field_id *by, size_t count, struct buffer *out)
{
    buffer_text(out, "by: [");
    for (size_t i = 0; i < count; i++)
        buffer_print(out, "%s%s", i ? ", " : "", field_get(by[i])->name);
    buffer_text(out, "]");
}

void sigma_put_window(const struct sigma_window *w, const char *within,
                      struct buffer *out)
{
    buffer_print(out, "    window: {%s: %s, ",
                 w->distinct == FIELD_UNKNOWN ? "count" : "distinct",
                 w->distinct == FIELD_UNKNOWN ? "events" : field_get(w->distinct)->name);
    if (w->by_count == 0)
        buffer_text(out, "by: [site.id]");
    else
        sigma_put_by(w->by, w->by_count, out);
    buffer_print(out, ", within: %s, %s: %llu}\n", within, w->at_least ? "gte" : "gt",
                 (unsigned long long)w->limit);
}

void sigma_put_when(const struct sigma_asked *q, struct buffer *out)
{
    buffer_print(out, "    when: |\n      %s\n", q->when.at);
}

void sigma_note_whole(const struct sigma_window *w, struct diags *d)
{
    if (w->by_count == 0)
        diags_warn(d, w->place, "W0531",
                   "it is counted for each school by itself, not over all of the log");
}

bool sigma_write_detection(struct sigma *s, const struct sigma_document *doc,
                           struct buffer *out, struct diags *d)
{
    const struct node *timeframe = node_get(doc->detection, "timeframe");
    const char *within = NULL;
    struct sigma_asked q = {0};
    bool good = sigma_ask_detection(s, doc, &q, d);

    if (good && q.window.given && !timeframe) {
        diags_error(d, q.window.place, "E0536", "it counts, and has no timeframe");
        good = false;
    }
    if (good && q.window.given)
        good = sigma_read_span(timeframe, &within, d);
    if (good) {
        sigma_put_head(s, doc, q.watch, q.source->note, out, d);
        sigma_put_when(&q, out);
    }
    if (good && q.window.given) {
        sigma_note_whole(&q.window, d);
        sigma_put_window(&q.window, within, out);
    } else if (good) {
        buffer_text(out,
                    "    dedup: {by: [device], every: 1h, emit: first_and_summary}\n");
    }
    buffer_done(&q.when);
    return good;
}
