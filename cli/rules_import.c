/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/rules.h"
#include "cli/sigma.h"
#include "file.h"
#include "json.h"
#include "mem.h"

static void add_file(struct sigma *s, const char *path, struct diags *d)
{
    auto_free char *text = NULL;
    size_t len;
    int err = file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, SIGMA_FILE_MAX,
                        &text, &len);

    if (err)
        diags_error(d, (struct place){.file = path}, "E0102", "it cannot be read: %s",
                    strerror(-err));
    else if (text[strspn(text, " \t\r\n")] == '\0')
        diags_error(d, (struct place){.file = path}, "E0530",
                    "there is no rule in it: it is empty");
    else
        sigma_add(s, path, text, len, d);
}

struct outcome {
    size_t written, refused;
};

static struct outcome count(const struct sigma *s)
{
    struct outcome o = {0};

    for (size_t i = 0; i < sigma_count(s); i++) {
        struct sigma_result r = sigma_result(s, i);

        o.written += r.id != NULL;
        o.refused += !r.id && !r.counted;
    }
    return o;
}

static void print_json(const struct sigma *s, const char *text, struct diags *d)
{
    auto_json struct json *doc = json_new_object();
    auto_free char *faults = diags_json(d), *out = NULL;
    struct json *rules = json_new_list();

    for (size_t i = 0; i < sigma_count(s); i++) {
        struct sigma_result r = sigma_result(s, i);
        struct json *o = json_new_object();

        json_put_text(o, "title", r.title);
        json_put_text(o, "file", r.place.file);
        json_put_number(o, "line", r.place.line);
        json_put_text(o, "outcome",
                      r.id        ? "translated"
                      : r.counted ? "part of a correlation"
                                  : "refused");
        if (r.id)
            json_put_text(o, "rule", r.id);
        json_add(rules, o);
    }
    json_put(doc, "rules", rules);
    json_put(doc, "faults", json_parse(faults, strlen(faults), NULL));
    if (text)
        json_put_text(doc, "text", text);
    out = json_write_pretty(doc);
    puts(out);
}

static void say_roles(const char *word)
{
    fprintf(stderr, "hallwatch: there is no role \"%s\"; there are", word);
    for (size_t i = 0; i < names_role.count; i++)
        fprintf(stderr, " %s", names_role.at[i]);
    fputs("\n", stderr);
}

/* The settings go into the file as they are: only words that can stand there. */
static bool check_settings(const struct import_options *o)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

    if (o->owner && names_find(&names_role, o->owner) < 0)
        say_roles(o->owner);
    else if (o->mode && names_find(&names_rule_mode, o->mode) < 0)
        fprintf(stderr, "hallwatch: a mode is alert, shadow or disabled, not \"%s\"\n",
                o->mode);
    else if (o->playbook &&
             (!*o->playbook || o->playbook[strspn(o->playbook, letters)] != '\0'))
        fprintf(stderr, "hallwatch: \"%s\" is no name of a playbook\n", o->playbook);
    else
        return true;
    return false;
}

static bool save(const struct import_options *o, const char *text)
{
    int err = *text ? file_replace(o->out, text, strlen(text)) : 0;

    if (err)
        fprintf(stderr, "hallwatch: %s cannot be written: %s\n", o->out, strerror(-err));
    return err == 0;
}

static int tell(const struct import_options *o, const struct sigma *s, const char *text,
                struct diags *d)
{
    struct outcome got = count(s);
    bool saved = !o->out || save(o, text);

    if (o->json) {
        print_json(s, o->out ? NULL : text, d);
    } else {
        auto_free char *faults = diags_text(d);

        if (!o->out)
            fputs(text, stdout);
        fputs(faults, stderr);
        fprintf(stderr, "%zu translated, %zu refused\n", got.written, got.refused);
    }
    if (!saved || got.written == 0)
        return EXIT_FAULT;
    return got.refused > 0 || diags_errors(d) > 0 ? EXIT_KEPT : 0;
}

int rules_import(const void *values, int argc, char **argv)
{
    const struct import_options *o = values;
    const struct sigma_settings settings = {o->owner, o->playbook, o->mode};
    auto_diags struct diags *d = diags_new();
    auto_free char *text = NULL;
    struct sigma *s;
    int status;

    if (!check_settings(o))
        return OPTIONS_USAGE;
    if (o->out && access(o->out, F_OK) == 0) {
        fprintf(stderr,
                "hallwatch: %s: it is there already: choose another name, or remove it\n",
                o->out);
        return EXIT_FAULT;
    }
    s = sigma_new(&settings);
    for (int i = 0; i < argc; i++)
        add_file(s, argv[i], d);
    text = sigma_write(s, d);
    status = tell(o, s, text, d);
    sigma_free(s);
    return status;
}
