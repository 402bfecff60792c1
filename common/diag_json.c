/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults for machines: our own JSON, and SARIF 2.1.0 (OASIS) with no more than it demands
 * and what editors and code hosts show.
 */
#include <string.h>

#include "diag_list.h"
#include "json.h"
#include "text.h"

static struct json *diag_to_json(const struct diag *g)
{
    struct json *o = json_new_object(), *hints = json_new_list();

    json_put_text(o, "file", g->file);
    json_put_number(o, "line", g->line);
    json_put_number(o, "column", g->column);
    json_put_number(o, "end_column", g->column ? g->column + g->length : 0);
    json_put_text(o, "code", g->code);
    json_put_text(o, "level", diag_level_name(g));
    json_put_text(o, "message", g->message);
    for (size_t i = 0; i < g->hints_count; i++)
        json_add(hints, json_new_text(g->hints[i]));
    json_put(o, "hints", hints);
    return o;
}

char *diags_json(struct diags *d)
{
    auto_free const struct diag **order = diags_sorted(d);
    auto_json struct json *o = json_new_object();
    struct json *list = json_new_list();

    for (size_t i = 0; i < d->count; i++)
        json_add(list, diag_to_json(order[i]));
    json_put(o, "diagnostics", list);
    json_put_number(o, "errors", (int64_t)diags_errors(d));
    json_put_number(o, "warnings", (int64_t)diags_warnings(d));
    return json_write(o);
}

/* RFC 3986: a path as a URI reference. */
static struct json *path_to_uri(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~/";
    auto_buffer struct buffer b = {0};

    if (*path == '/')
        buffer_text(&b, "file://");
    for (; *path; path++)
        if (strchr(plain, *path))
            buffer_add(&b, path, 1);
        else
            buffer_print(&b, "%%%02X", (unsigned char)*path);
    return json_new_text(b.len ? b.at : "");
}

static struct json *diag_to_sarif(const struct diag *g)
{
    struct json *o = json_new_object(), *location = json_new_object();
    struct json *locations = json_new_list();
    auto_buffer struct buffer message = {0};

    buffer_text(&message, g->message);
    for (size_t i = 0; i < g->hints_count; i++)
        buffer_print(&message, "\n%s", g->hints[i]);
    json_put_text(o, "ruleId", g->code);
    json_put_text(o, "level", diag_level_name(g));
    json_put_path(o, "message.text", json_new_text(message.at));
    json_put_path(location, "physicalLocation.artifactLocation.uri",
                  path_to_uri(g->file));
    if (g->line > 0)
        json_put_path(location, "physicalLocation.region.startLine",
                      json_new_number(g->line));
    if (g->column > 0) {
        json_put_path(location, "physicalLocation.region.startColumn",
                      json_new_number(g->column));
        json_put_path(location, "physicalLocation.region.endColumn",
                      json_new_number(g->column + g->length));
    }
    json_add(locations, location);
    json_put(o, "locations", locations);
    return o;
}

char *diags_sarif(struct diags *d)
{
    auto_free const struct diag **order = diags_sorted(d);
    auto_json struct json *o = json_new_object();
    struct json *run = json_new_object(), *runs = json_new_list();
    struct json *results = json_new_list();

    for (size_t i = 0; i < d->count; i++)
        json_add(results, diag_to_sarif(order[i]));
    json_put_text(o, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json_put_text(o, "version", "2.1.0");
    json_put_path(run, "tool.driver.name", json_new_text("hallwatch"));
    json_put_path(run, "tool.driver.version", json_new_text(VERSION));
    json_put_text(run, "columnKind", "unicodeCodePoints");
    json_put(run, "results", results);
    json_add(runs, run);
    json_put(o, "runs", runs);
    return json_write(o);
}
