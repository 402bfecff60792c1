/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a district.yaml; when it is one, it is asked about people and places. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collector/coverage.h"
#include "collector/playbook_run.h"
#include "district.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void ask(const struct district *di)
{
    const struct person *people[4];
    struct addr a = {0};
    struct mac mac = {{2, 0, 0, 0, 0, 7}};

    district_segment(di, &a, 7);
    for (size_t i = 0; i < di->segment_count; i++)
        for (size_t j = 0; j < di->segments[i].network_count; j++)
            if (!district_segment(di, &di->segments[i].networks[j].addr, 0))
                abort();
    if (di->group_count > DISTRICT_GROUPS_MAX ||
        (!di->has_groups && district_groups_of(di, di->segments, &a, &mac) != 0))
        abort();
    for (size_t i = 0; i < di->segment_count; i++)
        district_groups_of(di, &di->segments[i], &a, &mac);
    for (enum role role = 0; role <= ROLE_AUDITOR; role++) {
        auto_free char *hole = coverage_hole(di, role, true, 0);
        auto_free char *some = coverage_hole(di, role, false, 0);

        if (some && !hole)
            abort();
        for (usec_t t = 0; t < 8 * USEC_PER_DAY; t += 7 * USEC_PER_HOUR)
            if (district_on_duty(di, role, t, people, 4) > 4)
                abort();
        run_may_act(di, role, "nobody");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_diags struct diags *d = diags_new();
    auto_close int fd = memfd_create("district", 0);
    auto_district struct district *di = NULL;
    char path[32];

    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
        return 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    di = district_load(path, d);
    free(diags_text(d));
    if (!di != (diags_errors(d) > 0))
        abort();
    if (di)
        ask(di);
    return 0;
}
