/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of any bytes: what is printed fits, and what is said holds together. */
#include <stdlib.h>

#include "x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void check_printing(const struct x509 *c)
{
    char small[24], large[4096];

    demand(x509_print_name(c->subject, small, sizeof(small)) <= sizeof(small));
    demand(x509_print_name(c->issuer, large, sizeof(large)) <= sizeof(large));
    demand(x509_print_serial(c, small, sizeof(small)) <= sizeof(small));
}

static void check_names(const struct x509 *c)
{
    struct cur names = c->names;
    struct text name;

    while (x509_next_name(&names, &name)) {
        demand(name.len <= cur_left(&c->names));
        (void)x509_covers(c, name);
    }
    (void)x509_covers(c, TEXT("www.school.example"));
    demand(x509_common_name(c->subject).len <= cur_left(&c->subject));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct x509 c;

    if (!x509_parse(cur_over(bytes, len), &c))
        return 0;
    demand(c.not_after == X509_TIME_NONE || c.not_after < UINT64_C(253402300800000000));
    demand(x509_self_issued(&c) == x509_same_name(c.subject, c.issuer));
    check_printing(&c);
    check_names(&c);
    return 0;
}
