/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists in every form and of every type; the first two bytes choose. What is handed on
 * must be clean, and have a key.
 */
#include <stdlib.h>
#include <string.h>

#include "list_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct checking {
    enum list_type type;
    size_t values;
};

static void check_value(struct text value, void *arg)
{
    struct checking *c = arg;
    uint8_t key[LIST_VALUE_MAX];
    char again[LIST_VALUE_MAX];
    size_t len;

    if (list_value_clean(c->type, value, again, &len) != 0 || len != value.len ||
        memcmp(again, value.at, len) != 0 ||
        list_value_key(list_class_of(c->type), value, key) == 0)
        abort();
    c->values++;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char *const columns[] = {NULL, "domain", "2", "0"};
    struct list_source source = {.path = "list", .now = UINT64_C(1793786400000000)};
    auto_diags struct diags *d = diags_new();
    struct list_counts counts;
    struct checking c = {0};

    if (len < 2)
        return 0;
    source.form = bytes[0] % names_list_form.count;
    source.column = columns[bytes[0] / 16 % 4];
    source.forgiving = bytes[0] >> 7;
    c.type = source.type = bytes[1] % names_list_type.count;
    if (!list_form_fits(source.form, source.type))
        return 0;
    if (list_parse(&source, (const char *)bytes + 2, len - 2, check_value, &c, &counts,
                   d) == 0 &&
        counts.names != c.values)
        abort();
    return 0;
}
