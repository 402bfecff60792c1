/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fields.h"
#include "cli/rules.h"
#include "mem.h"

static const char *const privacy_words[] = {"open", "person", "host", "memory"};

const char *field_privacy_word(enum field_privacy privacy)
{
    return privacy_words[privacy];
}

char *field_kinds_text(uint32_t kinds)
{
    struct buffer b = {0};
    uint32_t all = (1u << EVENT_KINDS) - 1;

    if ((kinds & all) == all)
        return xstrdup("any");
    for (unsigned k = 0; k < EVENT_KINDS; k++)
        if (kinds >> k & 1)
            buffer_print(&b, "%s%s", b.len ? " " : "", names_get(&names_event_kind, k));
    return buffer_take(&b);
}

static struct json *field_json(const struct field *f)
{
    struct json *o = json_new_object(), *kinds = json_new_list();

    json_put_text(o, "name", f->name);
    json_put_text(o, "type", field_type_name(f->type));
    json_put_text(o, "privacy", privacy_words[f->privacy]);
    json_put_text(o, "meaning", f->meaning);
    if (f->eve)
        json_put_text(o, "eve", f->eve);
    for (unsigned k = 0; k < EVENT_KINDS; k++)
        if (f->kinds >> k & 1)
            json_add(kinds, json_new_text(names_get(&names_event_kind, k)));
    json_put(o, "kinds", kinds);
    if (f->words) {
        struct json *words = json_new_list();

        for (size_t i = 0; i < f->words->count; i++)
            json_add(words, json_new_text(f->words->at[i]));
        json_put(o, "words", words);
    }
    return o;
}

static void print_words(const struct names *words)
{
    size_t column = 0;

    printf("  one of:");
    for (size_t i = 0; i < words->count; i++) {
        size_t len = strlen(words->at[i]) + 1;

        if (column + len > 70) {
            printf("\n         ");
            column = 0;
        }
        printf(" %s", words->at[i]);
        column += len;
    }
    putchar('\n');
}

static void print_field(const struct field *f, bool whole)
{
    auto_free char *kinds = field_kinds_text(f->kinds);

    if (!whole) {
        printf("%-24s %-10s %s\n", f->name, field_type_name(f->type), f->meaning);
        return;
    }
    printf("%s: %s\n", f->name, f->meaning);
    printf("  type: %s\n  events: %s\n  privacy: %s\n", field_type_name(f->type), kinds,
           privacy_words[f->privacy]);
    if (f->eve)
        printf("  in JSON: %s\n", f->eve);
    if (f->words)
        print_words(f->words);
}

static bool is_asked(const struct field *f, const char *name)
{
    return !name || strncmp(f->name, name, strlen(name)) == 0;
}

static int refuse(const char *name)
{
    const char *names[FIELD_COUNT], *near;

    for (enum field_id f = 0; f < FIELD_COUNT; f++)
        names[f] = field_get(f)->name;
    near = text_nearest(name, names, FIELD_COUNT);
    fprintf(stderr, "hallwatch: there is no field \"%s\"", name);
    if (near)
        fprintf(stderr, "; did you mean \"%s\"?", near);
    fputs("\n", stderr);
    return EXIT_FAULT;
}

/* -1: no document is asked for, or the command's exit code. */
static int print_document(const char *format)
{
    auto_free char *text = NULL;

    if (!format || strcmp(format, "text") == 0 || strcmp(format, "json") == 0)
        return -1;
    if (strcmp(format, "markdown") == 0) {
        text = fields_markdown();
        fputs(text, stdout);
        return 0;
    }
    if (strcmp(format, "schema") == 0) {
        auto_json struct json *schema = fields_schema();

        text = json_write_pretty(schema);
        puts(text);
        return 0;
    }
    fprintf(stderr, "hallwatch: --format is text, json, markdown or schema, not \"%s\"\n",
            format);
    return OPTIONS_USAGE;
}

int rules_fields(const void *values, int argc, char **argv)
{
    const struct rules_options *o = values;
    const char *name = argc ? argv[0] : NULL;
    auto_json struct json *all = json_new_list();
    bool exact = name && field_find(name, strlen(name)) != FIELD_UNKNOWN;
    bool as_json = o->json || (o->format && strcmp(o->format, "json") == 0);
    int code = print_document(o->format);
    size_t count = 0;

    if (code >= 0)
        return code;
    for (enum field_id f = 0; f < FIELD_COUNT; f++) {
        if (exact ? strcmp(field_get(f)->name, name) != 0 : !is_asked(field_get(f), name))
            continue;
        count++;
        if (as_json)
            json_add(all, field_json(field_get(f)));
        else
            print_field(field_get(f), exact);
    }
    if (count == 0)
        return refuse(name);
    if (as_json) {
        auto_free char *text = json_write_pretty(all);

        puts(text);
    }
    return 0;
}
