/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a spool that is found at the start. Whatever it is, there is a spool
 * afterwards, which takes a record and gives it back.
 */
#include "tests/fuzz/scratch.h"

#include <errno.h>
#include <string.h>

#include "agent/spool.h"
#include "crypt.h"
#include "mem.h"

#define EVIDENCE_QUOTA 512

static void read_all(struct spool *s, enum wire_stream stream)
{
    auto_buffer struct buffer records = {0};
    struct spool_span span;
    uint64_t from = spool_oldest(s, stream);

    for (unsigned i = 0; i < 8; i++) {
        records.len = 0;
        if (spool_read(s, stream, from, &records, &span) != 0 || span.count == 0)
            return;
        demand(span.last >= span.first);
        from = span.last + 1;
    }
}

/* Evidence has less room than what comes takes, so the oldest that was found goes. */
static void use(struct spool *s)
{
    static const char evidence[EVIDENCE_QUOTA];

    for (unsigned stream = 1; stream < WIRE_STREAMS; stream++)
        read_all(s, stream);
    (void)spool_append(s, WIRE_ALERTS, "{}", 2, USEC_PER_HOUR);
    for (unsigned i = 0; i < 2; i++)
        (void)spool_append(s, WIRE_EVIDENCE, evidence, sizeof(evidence), USEC_PER_HOUR);
    (void)spool_commit(s, USEC_PER_HOUR);
    read_all(s, WIRE_ALERTS);
    spool_ack(s, WIRE_ALERTS, spool_newest(s, WIRE_ALERTS), USEC_PER_HOUR);
}

static void clear(const char *path)
{
    static const char *const parts[] = {
        "", "-wal", "-shm", "-journal", ".damaged", ".damaged-wal", ".damaged-shm"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        auto_free char *part = xasprintf("%s%s", path, parts[i]);

        unlink(part);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_free char *path = xasprintf("%s/spool.db", scratch_folder());
    struct spool_settings set = {
        .path = path, .quota = UINT64_C(1) << 20, .evidence_quota = EVIDENCE_QUOTA};
    auto_spool struct spool *s = NULL;

    clear(path);
    demand(crypt_init() == 0);
    scratch_write(path, bytes, len);
    if (spool_open(&set, &s) == 0)
        use(s);
    spool_close(take(s));
    clear(path);
    return 0;
}
