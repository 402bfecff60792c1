/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_memory.h - which hosts the devices here have called before, and since when: one
 * table for all sensors of an agent, in memory that they share by fork. The warden reads
 * it from the state folder before they start, the courier writes it back.
 *
 * A host is its registrable domain, so that a service with a thousand names is one. Of
 * each are kept a keyed code of 40 bits, the minute when it was first seen and the day
 * when it was last: no name, and nothing of who called it. Whoever has the file has the
 * key too, and can try names. Protected names are kept away by who calls here, and the
 * code of one that a list protects later is forgotten when that list comes into use, on
 * disk with the next save. That is counted nowhere, for a count would tell of it. The
 * code of a domain of which a list protects only a part stays, for it stands for the rest
 * of it; nor are those found that are below a listed public suffix.
 *
 * A host is seen when an inside device gets an address for it from DNS, or names it in
 * the hello of TLS or QUIC or in an HTTP request. A question alone is not enough, for
 * anybody can ask for names that do not exist; nor is a certificate, which is the
 * server's word; and what is called from outside is not the school's choice.
 *
 * Nothing is said before hosts were learned on HOST_MEMORY_DAYS days: until then
 * everything is new. Which days count, watched_days.h says: none on which nothing is
 * seen, and none that a jump of the clock made.
 *
 * The table has a fixed size. In a full set of eight, that host makes room which was not
 * seen for longest; one that came back on another day counts for a year more, so that a
 * flood of made-up names pushes out itself. Of two million new hosts, one is taken for
 * one that was seen before, because they have the same code.
 *
 * The file is replaced as a whole. What was seen since it was written last is lost with
 * a power cut or when all processes are killed, and is new once more.
 */
#ifndef HOST_MEMORY_H
#define HOST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "event.h"
#include "json.h"
#include "listdb.h"

#define HOST_MEMORY_FILE     "hosts" /* in the state folder */
#define HOST_MEMORY_DAYS     14
#define HOST_MEMORY_CAPACITY ((size_t)1 << 19) /* hosts; 4 MiB */

struct host_memory; /* one for each process, over a table that is shared by fork */

/* capacity: hosts, a power of two, from 8. NULL: no memory (errno). */
struct host_memory *host_memory_new(size_t capacity);
void host_memory_free(struct host_memory *m); /* NULL is fine */

/* ---- the warden ---- */

/* What a file holds, as long as nobody else uses m. 0, or -errno, and m is as it was:
 * -ENOENT; -EBADMSG: it is damaged or something else; -EPROTONOSUPPORT: of another
 * version, or of a table of another size. */
int host_memory_load(struct host_memory *m, const char *path);
int host_memory_parse(struct host_memory *m, const void *bytes, size_t len);

/* ---- the sensors ---- */

/* An event, dressed with its two ends, that is not protected: its host is seen, if it is
 * an event that counts. */
void host_memory_learn(struct host_memory *m, const struct event *e);

/* Puts host.first_seen, if that can be said: 0 for a host that never was. Where the event
 * has no host but a name that led to it, flow.led_by_first_seen. */
void host_memory_dress(const struct host_memory *m, struct event *e);

/* Whom these lists protect is forgotten. Each sensor says so when it begins to use them,
 * for until then it may learn such a host. */
void host_memory_forget(struct host_memory *m, const struct listdb *lists);

/* ---- the courier ---- */

/* Writes the file beside path, for its owner alone, and renames it; nothing is written
 * when nothing has changed. 0 or -errno. */
int host_memory_save(struct host_memory *m, const char *path);

/* Hosts known, learned and evicted by these processes, days; yours to free. */
struct json *host_memory_stats(const struct host_memory *m);

#endif
