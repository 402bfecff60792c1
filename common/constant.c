/* SPDX-License-Identifier: Apache-2.0 */
#include "constant.h"

#include <ctype.h>
#include <errno.h>

#include "domain.h"

struct operand constant_operand(const struct node *scalar)
{
    return (struct operand){
        .kind = OPERAND_BARE,
        .text = text_of(node_text(scalar)),
        .span = {.node = scalar},
    };
}

static bool refuse(const struct operand *o, struct diags *d, const char *what,
                   const char *hint)
{
    diags_error(d, span_place(o->span), "E0216", "expected %s, found %s%.*s%s", what,
                o->kind == OPERAND_LIST ? "list $" : "\"", (int)o->text.len, o->text.at,
                o->kind == OPERAND_LIST ? "" : "\"");
    if (hint)
        diags_hint(d, "%s", hint);
    return false;
}

/* Text in an expression must be quoted, or it would be a field. */
static bool is_text(const struct operand *o)
{
    return o->kind == OPERAND_TEXT || o->kind == OPERAND_BARE;
}

static bool convert_number(const struct operand *o, struct diags *d, uint64_t *ret)
{
    uint64_t other;
    int err = text_parse_number(o->text.at, ret);

    if (err == 0 && o->kind != OPERAND_TEXT)
        return true;
    if (err == -ERANGE)
        return refuse(o, d, "a smaller number", NULL);
    if (text_parse_size(o->text.at, &other) == 0 ||
        clock_parse_duration(o->text.at, &other) == 0)
        return refuse(o, d, "a whole number",
                      err ? "this field counts: it has no unit"
                          : "write it without quotes");
    return refuse(o, d, "a whole number", NULL);
}

static bool convert_size(const struct operand *o, struct diags *d, uint64_t *ret)
{
    if (o->kind != OPERAND_TEXT && text_parse_size(o->text.at, ret) == 0)
        return true;
    return refuse(o, d, "a number of bytes", "like 1500, 64KiB, 2GiB, without quotes");
}

static bool convert_duration(const struct operand *o, struct diags *d, uint64_t *ret)
{
    if (o->kind != OPERAND_TEXT && clock_parse_duration(o->text.at, ret) == 0)
        return true;
    return refuse(o, d, "a duration", "like 500ms, 30s, 5m, 2h, 7d, without quotes");
}

static bool convert_time(const struct operand *o, struct diags *d, uint64_t *ret)
{
    if (is_text(o) && clock_parse(o->text.at, ret) == 0)
        return true;
    return refuse(o, d, "a time", "like \"2026-09-01\" or \"2026-09-01T07:30:00Z\"");
}

static bool convert_bool(const struct operand *o, struct diags *d, uint64_t *ret)
{
    bool is_true = text_equal(o->text, TEXT("true"));

    if (o->kind != OPERAND_TEXT && (is_true || text_equal(o->text, TEXT("false")))) {
        *ret = is_true;
        return true;
    }
    return refuse(o, d, "true or false", NULL);
}

static bool convert_version(const struct operand *o, struct diags *d, uint64_t *ret)
{
    const char *at = o->text.at;

    if (o->text.len == 3 && isdigit((uint8_t)at[0]) && at[1] == '.' &&
        isdigit((uint8_t)at[2]) && o->kind != OPERAND_WORD) {
        *ret = (uint64_t)(at[0] - '0') * 256 + (uint64_t)(at[2] - '0');
        return true;
    }
    return refuse(o, d, "a version", "like \"1.2\"; SSL 3.0 is \"0.3\"");
}

static bool convert_word(const struct operand *o, const struct names *words,
                         struct diags *d, uint64_t *ret)
{
    int index = names_find(words, o->text.at);

    if (index >= 0 && is_text(o)) {
        *ret = (uint64_t)index;
        return true;
    }
    if (index >= 0)
        return refuse(o, d, "text in quotes", "put it into double quotes");
    diags_error(d, span_place(o->span), "E0214", "unknown %s \"%s\"", words->what,
                o->text.at);
    diags_suggest(d, o->text.at, words->at, words->count);
    return false;
}

static bool convert_text(struct arena *a, const struct operand *o, struct diags *d,
                         struct text *ret)
{
    if (!is_text(o))
        return refuse(o, d, "text in quotes", "put it into double quotes");
    *ret = arena_text(a, o->text);
    return true;
}

static bool convert_domain(struct arena *a, const struct operand *o, struct diags *d,
                           struct text *ret)
{
    char clean[DOMAIN_MAX];
    size_t len;

    if (!is_text(o))
        return refuse(o, d, "a host name in quotes", "put it into double quotes");
    if (domain_clean(o->text, clean, &len) != 0)
        return refuse(o, d, "a host name",
                      memchr(o->text.at, '/', o->text.len)
                          ? "only the name: without http:// and without a path"
                          : "like \"example.org\"");
    *ret = arena_text(a, (struct text){clean, len});
    return true;
}

static bool convert_addr(const struct operand *o, struct diags *d, struct prefix *ret)
{
    if (o->kind != OPERAND_WORD && prefix_parse(o->text.at, ret) == 0)
        return true;
    return refuse(o, d, o->kind == OPERAND_CIDR ? "a network" : "an address or network",
                  "like 10.1.2.3, 2001:db8::1 or cidr(\"10.20.0.0/16\"), where the bits "
                  "behind the network's length are zero");
}

static bool convert_mac(const struct operand *o, struct diags *d, uint64_t *ret)
{
    struct mac mac;

    if (mac_parse(o->text.at, &mac) != 0)
        return refuse(o, d, "a hardware address", "like 02:00:5e:10:00:01");
    *ret = 0;
    for (size_t i = 0; i < sizeof(mac.bytes); i++)
        *ret = *ret << 8 | mac.bytes[i];
    return true;
}

bool constant_convert(struct arena *a, const struct operand *o, enum field_type type,
                      const struct names *words, struct diags *d, struct constant *ret)
{
    switch (type) {
    case TYPE_NUMBER:
        return convert_number(o, d, &ret->number);
    case TYPE_BYTES:
        return convert_size(o, d, &ret->number);
    case TYPE_DURATION:
        return convert_duration(o, d, &ret->number);
    case TYPE_TIME:
        return convert_time(o, d, &ret->number);
    case TYPE_BOOL:
        return convert_bool(o, d, &ret->number);
    case TYPE_VERSION:
        return convert_version(o, d, &ret->number);
    case TYPE_NAME:
    case TYPE_NAMES:
        return convert_word(o, words, d, &ret->number);
    case TYPE_TEXT:
    case TYPE_TEXTS:
        return convert_text(a, o, d, &ret->text);
    case TYPE_DOMAIN:
    case TYPE_DOMAINS:
        return convert_domain(a, o, d, &ret->text);
    case TYPE_ADDR:
    case TYPE_ADDRS:
        return convert_addr(o, d, &ret->prefix);
    case TYPE_MAC:
        return convert_mac(o, d, &ret->number);
    }
    return false;
}
