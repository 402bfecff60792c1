/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table says where each member comes from. The short way picks the values out of the
 * document as it lies there; whatever json_scan does not take, is parsed and picked out
 * of that. tests/fuzz/fuzz_alert_read.c holds the two together.
 */
#include "collector/alert_read.h"

#include <errno.h>
#include <stdlib.h>

#include "json.h"
#include "json_scan.h"
#include "mem.h"

#define WORD_MAX    64  /* of a rule, site ... */
#define TITLE_MAX   200 /* of more, so much: it goes into subjects of mails */
#define REPEATS_MAX UINT64_C(1000000000000) /* they are added up */

enum want {
    TIMESTAMP,
    EVENT_TYPE,
    RULE,
    TITLE,
    SEVERITY,
    OWNER,
    SITE,
    SEGMENT,
    PSEUDONYM,
    DEVICE,
    PLAYBOOK,
    DRILL,
    SUMMARY,
    REPEATS,
    WANTS
};

static const struct json_want wants[WANTS] = {
    [TIMESTAMP] = {{"timestamp"}},
    [EVENT_TYPE] = {{"event_type"}},
    [RULE] = {{"hallwatch", "rule"}},
    [TITLE] = {{"hallwatch", "title"}},
    [SEVERITY] = {{"hallwatch", "severity"}},
    [OWNER] = {{"hallwatch", "owner"}},
    [SITE] = {{"hallwatch", "site"}},
    [SEGMENT] = {{"hallwatch", "segment"}},
    [PSEUDONYM] = {{"hallwatch", "device", "pseudonym"}},
    [DEVICE] = {{"hallwatch", "device", "key"}},
    [PLAYBOOK] = {{"hallwatch", "playbook"}},
    [DRILL] = {{"hallwatch", "drill"}},
    [SUMMARY] = {{"hallwatch", "summary", "first"}},
    [REPEATS] = {{"hallwatch", "summary", "repeats"}},
};

struct alert_reader {
    struct buffer text; /* the document, then each value, ended by zero bytes */
};

struct alert_reader *alert_reader_new(void)
{
    return xcalloc(1, sizeof(struct alert_reader));
}

void alert_reader_free(struct alert_reader *r)
{
    if (!r)
        return;
    buffer_done(&r->text);
    free(r);
}

static int refuse(const char *why, const char **ret_why)
{
    *ret_why = why;
    return -EBADMSG;
}

/* ---- what was found, whichever way ---- */

/* Values as text: "" for what is not there or of another type. */
struct values {
    const char *at[WANTS];
};

static unsigned name_of(const char *word, const struct names *names, unsigned otherwise)
{
    int index = names_find(names, word);

    return index < 0 ? otherwise : (unsigned)index;
}

static bool fits(const char *word)
{
    return strlen(word) <= WORD_MAX;
}

static int judge(const struct values *v, struct store_alert *a, const char **ret_why)
{
    static const enum want words[] = {RULE, SITE, SEGMENT, PSEUDONYM, DEVICE, PLAYBOOK};

    if (strcmp(v->at[EVENT_TYPE], "alert") != 0)
        return refuse("its event_type is not alert", ret_why);
    if (clock_parse(v->at[TIMESTAMP], &a->at) != 0)
        return refuse("it has no timestamp", ret_why);
    if (v->at[RULE][0] == '\0')
        return refuse("it does not say which rule raised it", ret_why);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (!fits(v->at[words[i]]))
            return refuse("a name in it is longer than 64 bytes", ret_why);
    return 0;
}

static int file_under(const struct values *v, const char *document,
                      struct store_alert *ret_alert, const char **ret_why)
{
    struct store_alert a = {.document = document};
    uint64_t repeats = 0;
    int rc = judge(v, &a, ret_why);

    if (rc)
        return rc;
    a.rule = v->at[RULE];
    a.title = v->at[TITLE][0] ? v->at[TITLE] : a.rule;
    a.severity = name_of(v->at[SEVERITY], &names_severity, SEVERITY_MEDIUM);
    a.owner = name_of(v->at[OWNER], &names_role, ROLE_SECURITY);
    a.site = v->at[SITE];
    a.segment = v->at[SEGMENT];
    a.device = v->at[PSEUDONYM][0] ? v->at[PSEUDONYM] : v->at[DEVICE];
    a.playbook = v->at[PLAYBOOK];
    a.drill = v->at[DRILL][0] != '\0';
    a.summary = v->at[SUMMARY][0] != '\0';
    if (text_parse_number(v->at[REPEATS], &repeats) == 0)
        a.repeats = repeats < REPEATS_MAX ? repeats : REPEATS_MAX;
    a.agent = "";
    *ret_alert = a;
    return 0;
}

/* ---- the short way ---- */

static bool is_given(const struct json_found *f, enum want want)
{
    if (want == DRILL)
        return f->kind == JSON_FOUND_TRUE;
    if (want == REPEATS)
        return f->kind == JSON_FOUND_NUMBER;
    return f->kind == JSON_FOUND_TEXT;
}

/* Whole characters (RFC 3629) of a title. */
static struct text cut(struct text title)
{
    if (title.len <= TITLE_MAX)
        return title;
    title.len = TITLE_MAX;
    while (title.len > 0 && ((unsigned char)title.at[title.len] & 0xc0) == 0x80)
        title.len--;
    return title;
}

/* All at once, because the buffer may move while it grows. */
static void copy_values(struct buffer *b, struct text document,
                        const struct json_found *found, struct values *ret)
{
    size_t at[WANTS];

    b->len = 0;
    buffer_add(b, document.at, document.len);
    buffer_add(b, "", 1);
    for (unsigned i = 0; i < WANTS; i++) {
        struct text value = i == DRILL ? TEXT("1") : found[i].text;

        at[i] = b->len;
        value = i == TITLE ? cut(value) : value;
        if (is_given(&found[i], i))
            buffer_add(b, value.at, value.len);
        buffer_add(b, "", 1);
    }
    for (unsigned i = 0; i < WANTS; i++)
        ret->at[i] = b->at + at[i];
}

int alert_read(struct alert_reader *r, struct text document,
               struct store_alert *ret_alert, const char **ret_why)
{
    struct json_found found[WANTS];
    struct values v;

    if (json_scan(document, wants, WANTS, found) != 0)
        return alert_read_parsed(r, document, ret_alert, ret_why);
    copy_values(&r->text, document, found, &v);
    return file_under(&v, r->text.at, ret_alert, ret_why);
}

/* ---- the long way ---- */

static const struct json *find(const struct json *document, const struct json_want *want)
{
    const struct json *at = document;

    for (unsigned i = 0; i < JSON_SCAN_DEPTH && want->path[i]; i++)
        at = json_get(at, want->path[i]);
    return at;
}

static struct json_found found_in(const struct json *value, struct buffer *number)
{
    struct json_found f = {0};

    if (json_is_text(value)) {
        f.kind = JSON_FOUND_TEXT;
        f.text = text_of(json_text(value, ""));
    } else if (json_is_number(value)) {
        f.kind = JSON_FOUND_NUMBER;
        buffer_print(number, "%lld", (long long)json_number(value, 0));
        f.text = (struct text){number->at, number->len};
    } else if (json_bool(value, false)) {
        f.kind = JSON_FOUND_TRUE;
    }
    return f;
}

int alert_read_parsed(struct alert_reader *r, struct text document,
                      struct store_alert *ret_alert, const char **ret_why)
{
    auto_json struct json *parsed = json_parse(document.at, document.len, NULL);
    struct json_found found[WANTS];
    struct buffer numbers[WANTS] = {{0}};
    struct values v;

    if (!json_is_object(parsed))
        return refuse("it is no JSON object", ret_why);
    for (unsigned i = 0; i < WANTS; i++)
        found[i] = found_in(find(parsed, &wants[i]), &numbers[i]);
    copy_values(&r->text, document, found, &v);
    for (unsigned i = 0; i < WANTS; i++)
        buffer_done(&numbers[i]);
    return file_under(&v, r->text.at, ret_alert, ret_why);
}
