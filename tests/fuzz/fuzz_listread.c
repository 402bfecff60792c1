/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in every form; the first byte chooses it. Names handed on must be clean. */
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "list_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_name(struct text name, void *arg)
{
    char again[DOMAIN_MAX];
    size_t len, *names = arg;

    if (domain_clean(name, again, &len) != 0 || len != name.len ||
        memcmp(again, name.at, len) != 0)
        abort();
    ++*names;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char *const columns[] = {NULL, "domain", "2", "0"};
    struct list_source source = {.path = "list"};
    auto_diags struct diags *d = diags_new();
    struct list_counts counts;
    size_t names = 0;

    if (len == 0)
        return 0;
    source.form = bytes[0] % names_list_form.count;
    source.column = columns[bytes[0] / 16 % 4];
    if (list_parse(&source, (const char *)bytes + 1, len - 1, check_name, &names, &counts,
                   d) == 0 &&
        counts.names != names)
        abort();
    return 0;
}
