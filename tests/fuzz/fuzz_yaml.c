/* SPDX-License-Identifier: Apache-2.0 */
/* YAML of any bytes, every node read in every way, every fault printed in every way. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_scalar(const struct node *n, struct diags *d)
{
    static const char *const names[] = {"low", "medium", "high"};
    const char *text;
    uint64_t number;
    usec_t time;
    size_t index;
    bool yes;

    node_read_text(n, &text, d);
    node_read_number(n, 1, 100, &number, d);
    node_read_bool(n, &yes, d);
    node_read_duration(n, &time, d);
    node_read_time(n, &time, d);
    node_read_size(n, &number, d);
    node_read_name(n, "level", names, 3, &index, d);
    for (size_t i = 0; i <= strlen(node_text(n)); i++)
        if (node_place_at(n, i, 2).line == 0)
            abort();
}

static void walk(const struct node *n, struct diags *d)
{
    static const char *const keys[] = {"id", "title", "when"};

    if (node_place(n).line == 0 || node_place(n).column == 0)
        abort();
    node_check_keys(n, "rule", keys, 3, d);
    if (node_kind(n) == NODE_SCALAR)
        read_scalar(n, d);
    for (size_t i = 0; i < node_count(n); i++) {
        if (node_kind(n) == NODE_LIST) {
            walk(node_item(n, i), d);
            continue;
        }
        walk(node_key(n, i), d);
        walk(node_value(n, i), d);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_diags struct diags *d = diags_new();
    auto_yaml struct yaml *y = yaml_parse("fuzz.yaml", (const char *)bytes, len, d);

    if (y)
        walk(yaml_root(y), d);
    else if (diags_errors(d) == 0)
        abort();
    free(diags_text(d));
    free(diags_json(d));
    free(diags_sarif(d));
    return 0;
}
