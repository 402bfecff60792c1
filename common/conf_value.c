/* SPDX-License-Identifier: Apache-2.0 */
#include "conf_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

static void *field(const struct conf_option *o, char *settings)
{
    return settings + o->offset;
}

static void release_texts(struct conf_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
    *texts = (struct conf_texts){0};
}

static void release_text(char **text)
{
    free(*text);
    *text = NULL;
}

static void release_networks(struct conf_networks *n)
{
    free(n->items);
    *n = (struct conf_networks){0};
}

void conf_value_release(const struct conf_option *o, char *settings)
{
    switch (o->type) {
    case CONF_TEXT:
    case CONF_PATH:
    case CONF_ADDRESS:
        release_text(field(o, settings));
        break;
    case CONF_TEXTS:
    case CONF_PATHS:
    case CONF_ADDRESSES:
        release_texts(field(o, settings));
        break;
    case CONF_NETWORKS:
        release_networks(field(o, settings));
        break;
    default:
        break;
    }
}

static bool has_port(const char *text)
{
    uint64_t port;

    return text_parse_number(text, &port) == 0 && port > 0 && port <= 65535;
}

/* host:port; a host with colons of its own stands in [ ]. */
static bool is_address(const char *text)
{
    const char *colon = strrchr(text, ':');
    auto_free char *inner = NULL;
    struct addr addr;
    size_t host;

    if (!colon || !has_port(colon + 1))
        return false;
    host = (size_t)(colon - text);
    if (text[0] == '[') {
        inner = xstrndup(text + 1, host - 1);
        if (host < 3 || inner[host - 2] != ']')
            return false;
        inner[host - 2] = '\0';
        return addr_parse(inner, &addr) == 0;
    }
    return host > 0 && strcspn(text, ": \t/[]") == host;
}

/* One text of a text, path or address option; NULL when it was refused. Yours. */
static char *read_one(const struct conf_target *t, const struct conf_option *o,
                      const struct node *n)
{
    bool path = o->type == CONF_PATH || o->type == CONF_PATHS;
    bool address = o->type == CONF_ADDRESS || o->type == CONF_ADDRESSES;
    const char *text;

    if (!node_read_text(n, &text, t->diags))
        return NULL;
    if (address && !is_address(text)) {
        diags_error(t->diags, node_place(n), "E0902",
                    "expected a host and port, found \"%s\"", text);
        diags_hint(t->diags, "write host:port, as in collector.example:5570 or "
                             "\"[2001:db8::1]:5570\"");
        return NULL;
    }
    return path && *text != '/' ? xasprintf("%s%s", t->folder, text) : xstrdup(text);
}

static void read_text(const struct conf_target *t, const struct conf_option *o,
                      const struct node *n)
{
    char **at = field(o, t->settings);
    char *text = read_one(t, o, n);

    if (!text)
        return;
    free(*at);
    *at = text;
}

static bool in_limits(const struct conf_option *o, uint64_t value)
{
    return value >= o->min && (o->max == 0 || value <= o->max);
}

static void refuse_limits(const struct conf_target *t, const struct conf_option *o,
                          const struct node *n, void print(uint64_t, char[CLOCK_TEXT]))
{
    char least[CLOCK_TEXT], most[CLOCK_TEXT];

    print(o->min, least);
    print(o->max, most);
    if (o->max)
        diags_error(t->diags, node_place(n), "E0204", "%s is out of range: from %s to %s",
                    node_text(n), least, most);
    else
        diags_error(t->diags, node_place(n), "E0204", "%s is too small: at least %s",
                    node_text(n), least);
}

static void print_size(uint64_t size, char ret_text[CLOCK_TEXT])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
    size_t i = 0;

    for (; i < 3 && size > 0 && size % 1024 == 0; i++)
        size /= 1024;
    snprintf(ret_text, CLOCK_TEXT, "%" PRIu64 " %s", size, units[i]);
}

static void read_number(const struct conf_target *t, const struct conf_option *o,
                        const struct node *n)
{
    node_read_number(n, o->min, o->max ? o->max : UINT64_MAX, field(o, t->settings),
                     t->diags);
}

static void read_duration(const struct conf_target *t, const struct conf_option *o,
                          const struct node *n)
{
    usec_t duration;

    if (!node_read_duration(n, &duration, t->diags))
        return;
    if (in_limits(o, duration))
        *(usec_t *)field(o, t->settings) = duration;
    else
        refuse_limits(t, o, n, clock_print_duration);
}

static void read_size(const struct conf_target *t, const struct conf_option *o,
                      const struct node *n)
{
    uint64_t size;

    if (!node_read_size(n, &size, t->diags))
        return;
    if (in_limits(o, size))
        *(uint64_t *)field(o, t->settings) = size;
    else
        refuse_limits(t, o, n, print_size);
}

static void read_bool(const struct conf_target *t, const struct conf_option *o,
                      const struct node *n)
{
    node_read_bool(n, field(o, t->settings), t->diags);
}

static void read_name(const struct conf_target *t, const struct conf_option *o,
                      const struct node *n)
{
    size_t count = 0, index;

    while (o->names[count])
        count++;
    if (node_read_name(n, o->key, o->names, count, &index, t->diags))
        *(unsigned *)field(o, t->settings) = (unsigned)index;
}

/* The items of a list; one text alone is a list of one. */
static size_t item_count(const struct node *n)
{
    return node_kind(n) == NODE_LIST ? node_count(n) : 1;
}

static const struct node *item(const struct node *n, size_t i)
{
    return node_kind(n) == NODE_LIST ? node_item(n, i) : n;
}

static void read_texts(const struct conf_target *t, const struct conf_option *o,
                       const struct node *n)
{
    struct conf_texts *at = field(o, t->settings);

    release_texts(at);
    at->items = xcalloc(item_count(n), sizeof(*at->items));
    for (size_t i = 0; i < item_count(n); i++) {
        char *text = read_one(t, o, item(n, i));

        if (text)
            at->items[at->count++] = text;
    }
}

static void read_networks(const struct conf_target *t, const struct conf_option *o,
                          const struct node *n)
{
    struct conf_networks *at = field(o, t->settings);
    const char *text;

    release_networks(at);
    at->items = xcalloc(item_count(n), sizeof(*at->items));
    for (size_t i = 0; i < item_count(n); i++) {
        const struct node *one = item(n, i);

        if (!node_read_text(one, &text, t->diags))
            continue;
        if (prefix_parse(text, &at->items[at->count]) == 0) {
            at->count++;
            continue;
        }
        diags_error(t->diags, node_place(one), "E0902",
                    "expected a network, found \"%s\"", text);
        diags_hint(t->diags, "write 10.20.0.0/16 or 2001:db8::/32, with no bits set "
                             "behind the length");
    }
}

typedef void read_fn(const struct conf_target *t, const struct conf_option *o,
                     const struct node *n);

static const struct type {
    const char *arg; /* for people */
    read_fn *read;
} types[] = {
    [CONF_TEXT] = {"text", read_text},
    [CONF_PATH] = {"path", read_text},
    [CONF_NUMBER] = {"number", read_number},
    [CONF_BOOL] = {"true|false", read_bool},
    [CONF_DURATION] = {"duration", read_duration},
    [CONF_SIZE] = {"size", read_size},
    [CONF_ADDRESS] = {"host:port", read_text},
    [CONF_NAME] = {"name", read_name},
    [CONF_TEXTS] = {"[text, ...]", read_texts},
    [CONF_PATHS] = {"[path, ...]", read_texts},
    [CONF_ADDRESSES] = {"[host:port, ...]", read_texts},
    [CONF_NETWORKS] = {"[network, ...]", read_networks},
};

void conf_value_read(const struct conf_target *t, const struct conf_option *o,
                     const struct node *n)
{
    types[o->type].read(t, o, n);
}

const char *conf_value_kind(const struct conf_option *o)
{
    return types[o->type].arg;
}
