/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of a rule of ours: what a Sigma rule says of itself. Its texts are a
 * stranger's, and are written in quotes.
 */
#include <strings.h>

#include "cli/sigma_inside.h"
#include "items.h"
#include "rule.h"

static void put_yaml(struct buffer *out, const char *text)
{
    buffer_text(out, "\"");
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            buffer_print(out, "\\%c", *text);
        else if (*text == '\n')
            buffer_text(out, "\\n");
        else if ((uint8_t)*text < 0x20 || *text == 0x7f)
            buffer_print(out, "\\x%02x", (uint8_t)*text);
        else
            buffer_add(out, text, 1);
    buffer_text(out, "\"");
}

static void put_line(struct buffer *out, const char *key, const char *text)
{
    if (!*text)
        return;
    buffer_print(out, "    %s: ", key);
    put_yaml(out, text);
    buffer_text(out, "\n");
}

static bool says_something(const char *text)
{
    return *text && strcasecmp(text, "unknown") != 0 && strcasecmp(text, "none") != 0 &&
           strcasecmp(text, "unlikely") != 0;
}

static void put_items(struct buffer *out, const char *key, const struct node *n)
{
    bool first = true;

    for (size_t i = 0; n && node_kind(n) != NODE_MAP && i < items_count(n); i++) {
        const char *text = node_text(items_at(n, i));

        if (!says_something(text))
            continue;
        if (first)
            buffer_print(out, "    %s:\n", key);
        first = false;
        buffer_text(out, "      - ");
        put_yaml(out, text);
        buffer_text(out, "\n");
    }
}

static void put_label(struct buffer *out, const char *key, const char *text)
{
    if (!*text)
        return;
    buffer_print(out, "      %s: ", key);
    put_yaml(out, text);
    buffer_text(out, "\n");
}

static void put_labels(struct buffer *out, const struct sigma_document *doc)
{
    const struct node *tags = node_get(doc->root, "tags");
    const struct node *author = node_get(doc->root, "author");
    const char *licence = sigma_scalar(doc->root, "license");
    auto_buffer struct buffer all = {0}, authors = {0};

    for (size_t i = 0; tags && node_kind(tags) != NODE_MAP && i < items_count(tags); i++)
        buffer_print(&all, "%s%s", i ? " " : "", node_text(items_at(tags, i)));
    for (size_t i = 0; author && node_kind(author) != NODE_MAP && i < items_count(author);
         i++)
        buffer_print(&authors, "%s%s", i ? ", " : "", node_text(items_at(author, i)));
    buffer_text(out, "    labels:\n      from: Sigma\n");
    put_label(out, "sigma_id", doc->uuid);
    put_label(out, "author", authors.len ? authors.at : "");
    put_label(out, "licence", *licence ? licence : "Detection Rule License (DRL) 1.1");
    put_label(out, "status", sigma_scalar(doc->root, "status"));
    put_label(out, "date", sigma_scalar(doc->root, "date"));
    put_label(out, "modified", sigma_scalar(doc->root, "modified"));
    put_label(out, "tags", all.len ? all.at : "");
}

static const char *severity_of(const struct sigma_document *doc, struct diags *d)
{
    const struct node *level = node_get(doc->root, "level");
    const char *word = sigma_scalar(doc->root, "level");

    if (strcmp(word, "informational") == 0)
        return "info";
    if (names_find(&names_severity, word) >= 0)
        return word;
    diags_warn(d, node_place(level ? level : doc->root), "W0530",
               "%s: the rule becomes one of medium severity",
               level ? "this level is not known" : "the rule has no level");
    return "medium";
}

void sigma_put_head(struct sigma *s, const struct sigma_document *doc, const char *watch,
                    const char *note, struct buffer *out, struct diags *d)
{
    const char *why = sigma_scalar(doc->root, "description");
    const struct node *references = node_get(doc->root, "references");

    buffer_print(out, "  - id: %s\n", doc->id);
    put_line(out, "title", *doc->title ? doc->title : doc->id);
    put_line(out, "why", why);
    buffer_text(out, "    shows_not: ");
    buffer_print(out,
                 "\"Whether it was meant; the rule was written for the lines of a "
                 "log, and is asked of what is on the wire%s%s\"\n",
                 note ? ": " : ".", note ? note : "");
    put_items(out, "traps", node_get(doc->root, "falsepositives"));
    buffer_print(out, "    severity: %s\n    owner: %s\n    mode: %s\n",
                 severity_of(doc, d), s->settings.owner ? s->settings.owner : "security",
                 s->settings.mode ? s->settings.mode : "shadow");
    if (watch)
        buffer_print(out, "    watch: [%s]\n", watch);
    if (s->settings.playbook)
        buffer_print(out, "    response: {playbook: %s}\n", s->settings.playbook);
    put_items(out, "references",
              references ? references : node_get(doc->root, "reference"));
    put_labels(out, doc);
}
