/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of the language that this version does not run. They are known, so that a rule
 * with one of them gets a true answer; and they are refused, because a rule that ran
 * without them would mean something else.
 */
#include "mem.h"
#include "ruleset.h"

static const struct later_key {
    const char *name, *code, *what;
    enum node_kind kind;
    const char *keys[5];
} later_keys[] = {
    {"aggregate", "E0515", "aggregates", NODE_SCALAR, {NULL}},
};

bool rule_refuse_later(struct rule_reader *r, const struct node *body)
{
    bool good = true;

    for (size_t i = 0; i < sizeof(later_keys) / sizeof(later_keys[0]); i++) {
        const struct later_key *k = &later_keys[i];
        const struct node *n = node_get(body, k->name);
        size_t count = 0;

        if (!n)
            continue;
        good = false;
        if (!node_is(n, k->kind, r->diags))
            continue;
        while (count < 5 && k->keys[count])
            count++;
        if (count > 0)
            node_check_keys(n, k->name, k->keys, count, r->diags);
        diags_error(r->diags, node_place(n), k->code, "this version does not run %s",
                    k->what);
        diags_hint(r->diags, "take the rule out, or set it aside in another file, until "
                             "a version that does");
    }
    return good;
}
