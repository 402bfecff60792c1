/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones of any bytes: whatever is taken gives a sane local time at all times. */
#include <stdlib.h>

#include "common/posix_tz.h"
#include "localtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_times(const struct zone *z)
{
    for (unsigned shift = 0; shift < 64; shift++) {
        struct local_time t = zone_local(z, UINT64_MAX >> shift);

        if (t.weekday > 6 || t.minute >= 1440 || t.offset < -604800 || t.offset > 604800)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_zone struct zone *z = NULL;
    struct posix_tz tz;

    if (zone_parse(bytes, len, &z) == 0)
        check_times(z);
    if (posix_tz_parse((struct text){.at = (const char *)bytes, .len = len}, &tz) == 0)
        posix_tz_offset(&tz, 1767268800);
    return 0;
}
