/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_test.h"

#include "constant.h"
#include "items.h"
#include "mem.h"

/* ---- ${n} ---- */

/* "${n}", "${n%250}", "${n/250}": the length of what stands there, or 0. */
static size_t read_number(const char *at, uint64_t n, uint64_t *ret)
{
    const char *end = strchr(at, '}');
    char digits[21] = "";
    uint64_t by;

    if (strncmp(at, "${n", 3) != 0 || !end || end - at > 20)
        return 0;
    *ret = n;
    if (end - at == 3)
        return 4;
    memcpy(digits, at + 4, (size_t)(end - at - 4));
    if (text_parse_number(digits, &by) != 0 || by == 0 || (at[3] != '%' && at[3] != '/'))
        return 0;
    *ret = at[3] == '%' ? n % by : n / by;
    return (size_t)(end - at) + 1;
}

static char *fill_in(const char *text, uint64_t n)
{
    struct buffer b = {0};
    uint64_t number;

    while (*text) {
        size_t len = read_number(text, n, &number);

        if (len > 0)
            buffer_print(&b, "%llu", (unsigned long long)number);
        else
            buffer_add(&b, text, 1);
        text += len ? len : 1;
    }
    return buffer_take(&b);
}

/* ---- values ---- */

static bool put_addr(struct event *e, enum field_id f, const struct constant *c,
                     const struct node *n, struct diags *d)
{
    if (c->prefix.len != 128) {
        diags_error(d, node_place(n), "E0216",
                    "an event has an address here, no network");
        return false;
    }
    if (field_get(f)->type == TYPE_ADDRS)
        event_add_addr(e, f, &c->prefix.addr);
    else
        event_put_addr(e, f, &c->prefix.addr);
    return true;
}

static void put_mac(struct event *e, enum field_id f, uint64_t number)
{
    struct mac mac;

    for (size_t i = sizeof(mac.bytes); i-- > 0; number >>= 8)
        mac.bytes[i] = (uint8_t)number;
    event_put_mac(e, f, &mac);
}

static uint64_t names_with(const struct event *e, enum field_id f, uint64_t index)
{
    const struct value *v = event_get(e, f);

    return (v ? v->number : 0) | UINT64_C(1) << index;
}

/* What is told beside a host's name, by this kind of event. */
static enum field_id registrable_of(const struct event *e, enum field_id name)
{
    enum field_id f = FIELD_FLOW_LED_BY_REGISTRABLE;

    if (name == FIELD_HOST)
        return FIELD_HOST_REGISTRABLE;
    return name == FIELD_FLOW_LED_BY && field_of_kind(f, event_kind(e)) ? f
                                                                        : FIELD_UNKNOWN;
}

static bool put_constant(struct event *e, enum field_id f, const struct constant *c,
                         const struct node *n, struct diags *d)
{
    switch (field_get(f)->type) {
    case TYPE_ADDR:
    case TYPE_ADDRS:
        return put_addr(e, f, c, n, d);
    case TYPE_MAC:
        put_mac(e, f, c->number);
        return true;
    case TYPE_NAMES:
        event_put_number(e, f, names_with(e, f, c->number));
        return true;
    case TYPE_TEXT:
        event_put_text(e, f, c->text);
        return true;
    case TYPE_DOMAIN:
        event_put_host(e, f, registrable_of(e, f), c->text);
        return true;
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
        event_add_text(e, f, c->text);
        return true;
    default:
        event_put_number(e, f, c->number);
        return true;
    }
}

static bool put_scalar(struct event *e, enum field_id f, const struct node *n,
                       uint64_t number, struct diags *d)
{
    struct operand o = constant_operand(n);
    struct constant c = {0};
    struct arena a = {0};
    auto_free char *text = NULL;
    const char *raw;
    bool good;

    if (!node_read_text(n, &raw, d))
        return false;
    text = fill_in(raw, number);
    o.text = text_of(text);
    good = constant_convert(&a, &o, field_get(f)->type, field_get(f)->words, d, &c) &&
           put_constant(e, f, &c, n, d);
    arena_done(&a);
    return good;
}

static bool takes_several(enum field_id f)
{
    enum field_type t = field_get(f)->type;

    return t == TYPE_NAMES || t == TYPE_TEXTS || t == TYPE_DOMAINS || t == TYPE_ADDRS;
}

bool rule_test_put(struct event *e, enum field_id f, const struct node *value, uint64_t n,
                   struct diags *d)
{
    if (node_kind(value) == NODE_LIST && !takes_several(f)) {
        diags_error(d, node_place(value), "E0105", "%s takes a single value",
                    field_get(f)->name);
        return false;
    }
    for (size_t i = 0; i < items_count(value); i++)
        if (!put_scalar(e, f, items_at(value, i), n, d))
            return false;
    return true;
}

/* ---- what extractors work out ---- */

static void derive_name_shape(struct event *e)
{
    const struct value *v = event_get(e, FIELD_DNS_QNAME);
    size_t labels = 1, label = 0, longest = 0;

    if (!v)
        return;
    for (size_t i = 0; i < v->text.len; i++) {
        label = v->text.at[i] == '.' ? 0 : label + 1;
        labels += v->text.at[i] == '.';
        longest = label > longest ? label : longest;
    }
    if (!event_has(e, FIELD_DNS_QNAME_LEN))
        event_put_number(e, FIELD_DNS_QNAME_LEN, v->text.len);
    if (!event_has(e, FIELD_DNS_QNAME_LABELS))
        event_put_number(e, FIELD_DNS_QNAME_LABELS, labels);
    if (!event_has(e, FIELD_DNS_QNAME_MAX_LABEL))
        event_put_number(e, FIELD_DNS_QNAME_MAX_LABEL, longest);
}

static void derive_host(struct event *e, enum field_id from)
{
    const struct value *v = event_get(e, from);
    char name[256];

    if (!v || event_has(e, FIELD_HOST) || v->text.len > sizeof(name))
        return;
    memcpy(name, v->text.at, v->text.len);
    event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE,
                   (struct text){name, v->text.len});
}

static void derive_device(struct event *e)
{
    const struct value *mac = event_get(e, FIELD_SRC_MAC);
    const struct value *ip = event_get(e, FIELD_SRC_IP);
    char text[ADDR_TEXT];

    if (event_has(e, FIELD_DEVICE) || (!mac && !ip))
        return;
    if (mac)
        mac_print(&mac->mac, text);
    else
        addr_print(&ip->addr, text);
    event_put_text(e, FIELD_DEVICE, text_of(text));
}

static void derive(struct event *e)
{
    const struct value *in = event_get(e, FIELD_FLOW_BYTES_IN);
    const struct value *out = event_get(e, FIELD_FLOW_BYTES_OUT);

    derive_name_shape(e);
    derive_host(e, FIELD_DNS_QNAME);
    derive_host(e, FIELD_TLS_SNI);
    derive_device(e);
    if (in && out && !event_has(e, FIELD_FLOW_BYTES))
        event_put_number(e, FIELD_FLOW_BYTES, in->number + out->number);
}

/* ---- the event ---- */

static bool read_kind(const struct node *body, enum event_kind *ret, struct diags *d)
{
    const struct node *n = node_need(body, "the event", "kind", d);
    size_t kind;

    if (!n || !node_read_name(n, names_event_kind.what, names_event_kind.at,
                              names_event_kind.count, &kind, d))
        return false;
    *ret = (enum event_kind)kind;
    return true;
}

static bool read_at(const struct node *body, usec_t start, usec_t previous, usec_t *ret,
                    struct diags *d)
{
    const struct node *n = node_get(body, "at");
    usec_t after;

    *ret = previous;
    if (!n)
        return true;
    if (clock_parse(node_text(n), ret) == 0)
        return true;
    if (!node_read_duration(n, &after, d))
        return false;
    *ret = start + after;
    return true;
}

static bool find_field(const struct node *key, enum event_kind kind,
                       enum field_id *ret_field, struct diags *d)
{
    const char *names[FIELD_COUNT];
    size_t count = 0;

    *ret_field = field_find(node_text(key), strlen(node_text(key)));
    if (*ret_field != FIELD_UNKNOWN && field_get(*ret_field)->kinds >> kind & 1)
        return true;
    for (enum field_id f = 0; f < FIELD_COUNT; f++)
        if (field_get(f)->kinds >> kind & 1)
            names[count++] = field_get(f)->name;
    if (*ret_field == FIELD_UNKNOWN)
        diags_error(d, node_place(key), "E0210", "unknown field \"%s\"", node_text(key));
    else
        diags_error(d, node_place(key), "E0213", "no %s event has \"%s\"",
                    names_get(&names_event_kind, kind), node_text(key));
    diags_suggest(d, node_text(key), names, count);
    return false;
}

bool rule_test_event(struct event *e, const struct node *body, uint64_t n, usec_t start,
                     usec_t previous, struct diags *d)
{
    enum event_kind kind;
    bool good = true;
    usec_t at;

    if (!node_is(body, NODE_MAP, d) || !read_kind(body, &kind, d) ||
        !read_at(body, start, previous, &at, d))
        return false;
    event_begin(e, kind, at);
    for (size_t i = 0; i < node_count(body); i++) {
        const char *key = node_text(node_key(body, i));
        enum field_id f;

        if (strcmp(key, "kind") == 0 || strcmp(key, "at") == 0)
            continue;
        good = find_field(node_key(body, i), kind, &f, d) &&
               rule_test_put(e, f, node_value(body, i), n, d) && good;
    }
    derive(e);
    return good;
}
