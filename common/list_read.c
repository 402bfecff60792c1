/* SPDX-License-Identifier: Apache-2.0 */
#include "list_read.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "domain.h"
#include "file.h"
#include "list_reader.h"
#include "mem.h"
#include "net.h"

#define FILE_MAX_BYTES (UINT64_C(1) << 30)
#define TOLD           5  /* refused lines of a file that are shown */
#define SHOWN          60 /* bytes of one of them */

static const char *const form_words[] = {"plain", "hosts", "ut1", "rpz", "csv", "pem"};
const struct names names_list_form = {"form of a list", form_words,
                                      sizeof(form_words) / sizeof(form_words[0])};

bool list_form_fits(enum list_form form, enum list_type type)
{
    if (form == LIST_FORM_PEM)
        return type == LIST_CERT || type == LIST_AUTHORITY;
    if (form == LIST_FORM_PLAIN || form == LIST_FORM_CSV)
        return list_class_of(type) != LIST_CLASS_NONE;
    return type == LIST_DOMAIN || type == LIST_LOOKALIKE;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct text list_reader_word(struct text *line)
{
    struct text word;

    while (line->len > 0 && is_blank(line->at[0])) {
        line->at++;
        line->len--;
    }
    word = (struct text){.at = line->at, .len = 0};
    while (word.len < line->len && !is_blank(line->at[word.len]))
        word.len++;
    line->at += word.len;
    line->len -= word.len;
    return word;
}

void list_reader_refuse(struct list_reader *r, struct text what, const char *why)
{
    auto_buffer struct buffer shown = {0};
    struct place at = {
        .file = r->source->path, .line = r->line, .column = 1, .length = 1};

    if (r->counts.refused++ >= TOLD)
        return;
    if (what.len > SHOWN)
        what.len = SHOWN;
    buffer_text_visible(&shown, what);
    diags_warn(r->diags, at, "W0422", "\"%s\" %s; the line is left out",
               shown.at ? shown.at : "", why);
}

/* Without what says that a name stands for those below it. */
static struct text without_star(struct text name)
{
    size_t off = 0;

    if (name.len > 1 && name.at[0] == '*' && name.at[1] == '.')
        off = 2;
    else if (name.len > 0 && name.at[0] == '.')
        off = 1;
    return (struct text){.at = name.at + off, .len = name.len - off};
}

void list_reader_name(struct list_reader *r, struct text name)
{
    enum list_type type = r->source->type;
    char clean[LIST_VALUE_MAX];
    auto_free char *why = NULL;
    struct text whole = name;
    size_t len;

    if (type == LIST_DOMAIN || type == LIST_LOOKALIKE)
        name = without_star(name);
    if (list_value_clean(type, name, clean, &len) != 0) {
        why = list_value_why(type, name);
        list_reader_refuse(r, whole, why);
        return;
    }
    r->counts.names++;
    r->fn((struct text){.at = clean, .len = len}, r->arg);
}

/* "2027-01-31": when that day is over. */
static bool read_last_day(struct text word, usec_t *ret_end)
{
    char text[sizeof("2027-01-31")];
    usec_t midnight;

    if (word.len != sizeof(text) - 1)
        return false;
    memcpy(text, word.at, word.len);
    text[word.len] = '\0';
    if (clock_parse(text, &midnight) != 0)
        return false;
    *ret_end = midnight + USEC_PER_DAY;
    return true;
}

/* Names of authorities have blanks in them, and any sign. */
static bool has_words(const struct list_source *source)
{
    return source->type != LIST_AUTHORITY;
}

static int line_plain(struct list_reader *r, struct text line)
{
    struct text whole = line, name = list_reader_word(&line);
    struct text word = list_reader_word(&line), day = list_reader_word(&line);
    usec_t end = UINT64_MAX;

    if (!has_words(r->source))
        list_reader_name(r, whole);
    else if (word.len > 0 && !text_equal(word, TEXT("until")))
        list_reader_refuse(r, whole, "is more than one word");
    else if (word.len > 0 &&
             (!read_last_day(day, &end) || list_reader_word(&line).len > 0))
        list_reader_refuse(r, whole, "ends with no day like 2027-01-31");
    else if (r->source->now >= end)
        r->counts.skipped++;
    else
        list_reader_name(r, name);
    return 0;
}

static bool is_address(struct text word)
{
    char text[ADDR_TEXT];
    struct addr addr;

    if (word.len >= sizeof(text))
        return false;
    memcpy(text, word.at, word.len);
    text[word.len] = '\0';
    return addr_parse(text, &addr) == 0;
}

static int line_hosts(struct list_reader *r, struct text line)
{
    struct text whole = line, word = list_reader_word(&line);

    if (!is_address(word)) {
        list_reader_refuse(r, whole, "does not begin with an address");
        return 0;
    }
    while ((word = list_reader_word(&line)).len > 0) {
        /* localhost, broadcasthost, ip6-allnodes: the machine's own names have no dot. */
        if (!memchr(word.at, '.', word.len) || text_equal(word, TEXT("0.0.0.0")) ||
            text_equal(word, TEXT("localhost.localdomain")))
            r->counts.skipped++;
        else
            list_reader_name(r, word);
    }
    return 0;
}

static const struct {
    int (*line)(struct list_reader *r, struct text line);
    const char *comment; /* any of these, and where: */
    bool anywhere;
} forms[] = {
    [LIST_FORM_PLAIN] = {line_plain, "#;", true},
    [LIST_FORM_HOSTS] = {line_hosts, "#", true},
    [LIST_FORM_UT1] = {line_plain, "#", true},
    [LIST_FORM_RPZ] = {list_line_rpz, ";", true},
    [LIST_FORM_CSV] = {list_line_csv, "#", false},
};

/* The line without a comment and what is blank at its end. */
static struct text trimmed(const struct list_source *source, struct text line)
{
    enum list_form form = source->form;
    bool anywhere = forms[form].anywhere && has_words(source);
    size_t looked_at = anywhere ? line.len : line.len > 0;

    for (size_t i = 0; i < looked_at; i++)
        if (line.at[i] && strchr(forms[form].comment, line.at[i])) {
            line.len = i;
            break;
        }
    while (line.len > 0 && is_blank(line.at[line.len - 1]))
        line.len--;
    return line;
}

static struct text next_line(struct text *rest)
{
    const char *end = memchr(rest->at, '\n', rest->len);
    struct text line = {.at = rest->at,
                        .len = end ? (size_t)(end - rest->at) : rest->len};
    size_t taken = line.len + (end ? 1 : 0);

    rest->at += taken;
    rest->len -= taken;
    return line;
}

static int read_lines(struct list_reader *r, struct text rest)
{
    enum list_form form = r->source->form;

    if (form == LIST_FORM_PEM) {
        list_read_pem(r, rest);
        return 0;
    }
    if (rest.len >= 3 && memcmp(rest.at, "\xef\xbb\xbf", 3) == 0)
        rest = (struct text){.at = rest.at + 3, .len = rest.len - 3};
    while (rest.len > 0) {
        struct text line = trimmed(r->source, next_line(&rest));
        int result;

        r->line++;
        if (line.len == 0)
            continue;
        r->counts.lines++;
        result = forms[form].line(r, line);
        if (result != 0)
            return result;
    }
    return 0;
}

int list_parse(const struct list_source *source, const char *bytes, size_t len,
               list_name_fn *fn, void *arg, struct list_counts *ret_counts,
               struct diags *d)
{
    struct list_reader r = {.source = source, .fn = fn, .arg = arg, .diags = d};
    struct place file = {.file = source->path};
    int result = read_lines(&r, (struct text){.at = bytes, .len = len});

    if (result != 0)
        return result;
    if (r.counts.refused > TOLD)
        diags_warn(d, file, "W0422", "%llu more line%s left out",
                   (unsigned long long)(r.counts.refused - TOLD),
                   r.counts.refused - TOLD == 1 ? " is" : "s are");
    if (r.triggers > 0)
        diags_warn(d, file, "W0422",
                   "%llu line%s about addresses or name servers (rpz-ip, rpz-nsdname) "
                   "%s left out: this is a list of names",
                   (unsigned long long)r.triggers, r.triggers == 1 ? "" : "s",
                   r.triggers == 1 ? "is" : "are");
    *ret_counts = r.counts;
    return 0;
}

static void report_unreadable(const struct list_source *file, int error, struct diags *d)
{
    struct place at = {.file = file->path};

    if (file->forgiving)
        diags_warn(d, at, "W0420", "the list cannot be read: %s", strerror(-error));
    else
        diags_error(d, at, "E0420", "the list cannot be read: %s", strerror(-error));
}

/* UT1 ships a category as a folder. */
static char *file_of(const struct list_source *source)
{
    struct stat st;

    if (source->form == LIST_FORM_UT1 && stat(source->path, &st) == 0 &&
        S_ISDIR(st.st_mode))
        return xasprintf("%s/domains", source->path);
    return xstrdup(source->path);
}

static int read_file(const struct list_source *source, list_name_fn *fn, void *arg,
                     struct list_counts *ret_counts, struct diags *d)
{
    auto_free char *path = file_of(source), *bytes = NULL;
    struct list_source file = *source;
    size_t len;
    int result = file_read(path, FILE_MAX_BYTES, &bytes, &len);

    file.path = path;
    if (result != 0) {
        report_unreadable(&file, result, d);
        return result;
    }
    return list_parse(&file, bytes, len, fn, arg, ret_counts, d);
}

/* ---- folders of certificates ---- */

static int holds_certificates(const struct dirent *entry)
{
    static const char *const endings[] = {".pem", ".crt", ".cer", ".der"};
    const char *dot = strrchr(entry->d_name, '.');

    for (size_t i = 0; dot && i < sizeof(endings) / sizeof(endings[0]); i++)
        if (strcmp(dot, endings[i]) == 0)
            return true;
    return false;
}

static void add_counts(struct list_counts *to, const struct list_counts *more)
{
    to->lines += more->lines;
    to->names += more->names;
    to->skipped += more->skipped;
    to->refused += more->refused;
}

static int read_folder(const struct list_source *source, list_name_fn *fn, void *arg,
                       struct list_counts *ret_counts, struct diags *d)
{
    struct list_counts all = {0}, one;
    struct list_source file = *source;
    struct dirent **entries = NULL;
    int count = scandir(source->path, &entries, holds_certificates, alphasort);
    int result = count < 0 ? -errno : 0;

    if (result != 0)
        report_unreadable(source, result, d);
    for (int i = 0; i < count; i++) {
        auto_free char *path = xasprintf("%s/%s", source->path, entries[i]->d_name);

        file.path = path;
        if (result == 0)
            result = read_file(&file, fn, arg, &one, d);
        if (result == 0)
            add_counts(&all, &one);
        free(entries[i]);
    }
    free((void *)entries);
    if (result == 0)
        *ret_counts = all;
    return result;
}

int list_read(const struct list_source *source, list_name_fn *fn, void *arg,
              struct list_counts *ret_counts, struct diags *d)
{
    struct stat st;

    if (source->form == LIST_FORM_PEM && stat(source->path, &st) == 0 &&
        S_ISDIR(st.st_mode))
        return read_folder(source, fn, arg, ret_counts, d);
    return read_file(source, fn, arg, ret_counts, d);
}
