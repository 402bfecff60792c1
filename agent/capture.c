/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpcap behind one reader. Files come in through a large buffer; a live interface hands
 * over blocks of its ring (TPACKET_V3) at most BLOCK_MSEC after their first frame.
 *
 * A fan-out group does not roll over to another sensor when one ring is full: half
 * conversations are worse than counted loss. Between opening and joining, a ring gets
 * everything; what is older than the joining belongs to the others and is left out.
 */
#include "agent/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "auto.h"
#include "mem.h"
#include "text.h"

#define BLOCK_MSEC   10
#define FILE_BUFFER  (256 * 1024)
#define RING_DEFAULT (16u * 1024 * 1024)
#define RING_MOST    (1024u * 1024 * 1024)
#define SNAP_DEFAULT 262144u
#define NAMES_MAX    64
#define LATEST       (UINT64_C(1) << 40) /* seconds; far behind any real time */

#define MISSED_FILES 2

/* The one link type whose number in files is not libpcap's own on Linux. */
#define LINK_RAW 101

struct capture {
    pcap_t *pcap;
    char *name;   /* of the file or interface, for sentences */
    char *buffer; /* the file's, but for standard input, which outlives us */
    bool live;
    int link;
    usec_t since;             /* of a fan-out group: older frames are somebody else's */
    uint64_t received;        /* of a file */
    int missed[MISSED_FILES]; /* what the interface counts as lost */
    uint64_t missed_before;
    struct capture_counts counts;
    char error[CAPTURE_ERROR];
};

static int say(char ret_error[CAPTURE_ERROR], int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int say(char ret_error[CAPTURE_ERROR], int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(ret_error, CAPTURE_ERROR, format, args);
    va_end(args);
    return code;
}

/* ---- opening a file ---- */

static FILE *open_stream(const char *file)
{
    return strcmp(file, "-") == 0 ? stdin : fopen(file, "rbe");
}

static int open_file(struct capture *c, const char *file, char ret_error[CAPTURE_ERROR])
{
    char words[PCAP_ERRBUF_SIZE];
    FILE *stream = open_stream(file);

    if (!stream)
        return say(ret_error, -errno, "%s: %s", file, strerror(errno));
    if (stream != stdin) {
        c->buffer = xmalloc(FILE_BUFFER);
        setvbuf(stream, c->buffer, _IOFBF, FILE_BUFFER);
    }
    c->pcap = pcap_fopen_offline_with_tstamp_precision(
        stream, PCAP_TSTAMP_PRECISION_MICRO, words);
    if (c->pcap)
        return 0;
    if (stream != stdin)
        fclose(stream);
    return say(ret_error, -EBADMSG, "%s: no capture file (pcap or pcapng): %s", file,
               words);
}

/* ---- opening an interface ---- */

static size_t interface_names(const struct if_nameindex *all,
                              const char *names[NAMES_MAX])
{
    size_t count = 0;

    for (; all && all->if_name && count < NAMES_MAX; all++)
        names[count++] = all->if_name;
    return count;
}

/* "no interface "eht0" here; did you mean eth0? There are: lo eth0" */
static int say_no_interface(const char *wanted, char ret_error[CAPTURE_ERROR])
{
    struct if_nameindex *all = if_nameindex();
    const char *names[NAMES_MAX];
    size_t count = interface_names(all, names);
    const char *near = text_nearest(wanted, names, count);
    auto_buffer struct buffer text = {0};

    buffer_print(&text, "there is no interface \"%s\" here", wanted);
    if (near)
        buffer_print(&text, "; did you mean %s?", near);
    else
        buffer_text(&text, ".");
    buffer_text(&text, " There are:");
    for (size_t i = 0; i < count; i++)
        buffer_print(&text, " %s", names[i]);
    if (all)
        if_freenameindex(all);
    return say(ret_error, -ENODEV, "%s", text.at);
}

static int say_activate(const struct capture *c, int status,
                        char ret_error[CAPTURE_ERROR])
{
    const char *name = c->name;

    switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return say_no_interface(name, ret_error);
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return say(ret_error, -EPERM,
                   "not allowed to capture on %s: start as root, or give the program the "
                   "capability CAP_NET_RAW",
                   name);
    case PCAP_ERROR_IFACE_NOT_UP:
        return say(ret_error, -ENETDOWN, "%s is down: ip link set %s up", name, name);
    default:
        return say(ret_error, -EINVAL, "cannot capture on %s: %s (%s)", name,
                   pcap_statustostr(status), pcap_geterr(c->pcap));
    }
}

static int say_fanout(const struct capture *c, uint16_t group,
                      char ret_error[CAPTURE_ERROR])
{
    return say(ret_error, -errno, "%s: sensors cannot share it (fan-out group %u): %s",
               c->name, group, strerror(errno));
}

static int join_fanout(struct capture *c, const struct capture_settings *set,
                       char ret_error[CAPTURE_ERROR])
{
    uint32_t option = (uint32_t)PACKET_FANOUT_CBPF << 16 | set->fanout_group;
    struct sock_fprog program = {.len = (uint16_t)set->fanout->count,
                                 .filter = set->fanout->steps};
    int fd = pcap_fileno(c->pcap);

    if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &option, sizeof(option)) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof(program)) < 0)
        return say_fanout(c, set->fanout_group, ret_error);
    c->since = clock_wall();
    return 0;
}

static uint64_t read_number(int fd)
{
    char text[24] = "";

    if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0 || read(fd, text, sizeof(text) - 1) <= 0)
        return 0;
    return strtoull(text, NULL, 10);
}

static uint64_t missed_ever(const struct capture *c)
{
    uint64_t all = 0;

    for (size_t i = 0; i < MISSED_FILES; i++)
        all += read_number(c->missed[i]);
    return all;
}

/* pcap_stats would open them with each question, which a sensor may not. */
static void open_missed(struct capture *c, const char *interface)
{
    static const char *const names[MISSED_FILES] = {"rx_missed_errors", "rx_fifo_errors"};

    for (size_t i = 0; i < MISSED_FILES; i++) {
        auto_free char *path =
            xasprintf("/sys/class/net/%s/statistics/%s", interface, names[i]);

        c->missed[i] = open(path, O_RDONLY | O_CLOEXEC);
    }
    c->missed_before = missed_ever(c);
}

static int open_live(struct capture *c, const struct capture_settings *set,
                     char ret_error[CAPTURE_ERROR])
{
    char words[PCAP_ERRBUF_SIZE];
    uint32_t ring = set->ring_bytes ? set->ring_bytes : RING_DEFAULT;
    uint32_t snaplen = set->snaplen ? set->snaplen : SNAP_DEFAULT;
    int status;

    c->live = true;
    for (size_t i = 0; i < MISSED_FILES; i++)
        c->missed[i] = -1;
    if (strcmp(set->interface, "any") != 0 && if_nametoindex(set->interface) == 0)
        return say_no_interface(set->interface, ret_error);
    c->pcap = pcap_create(set->interface, words);
    if (!c->pcap)
        return say(ret_error, -EINVAL, "cannot capture on %s: %s", c->name, words);

    pcap_set_snaplen(c->pcap, (int)(snaplen < SNAP_DEFAULT ? snaplen : SNAP_DEFAULT));
    pcap_set_buffer_size(c->pcap, (int)(ring < RING_MOST ? ring : RING_MOST));
    pcap_set_promisc(c->pcap, 1);
    pcap_set_timeout(c->pcap, BLOCK_MSEC);
    status = pcap_activate(c->pcap);
    if (status < 0)
        return say_activate(c, status, ret_error);
    if (pcap_setnonblock(c->pcap, 1, words) != 0)
        return say(ret_error, -EINVAL, "cannot capture on %s: %s", c->name, words);
    open_missed(c, set->interface);
    return set->fanout_group ? join_fanout(c, set, ret_error) : 0;
}

/* ---- both ---- */

static int compile_filter(pcap_t *pcap, const char *filter, struct bpf_program *ret,
                          char ret_error[CAPTURE_ERROR])
{
    if (pcap_compile(pcap, ret, filter, 1, PCAP_NETMASK_UNKNOWN) == 0)
        return 0;
    return say(ret_error, -EINVAL, "filter \"%.100s\": %s (man 7 pcap-filter)", filter,
               pcap_geterr(pcap));
}

int capture_check_filter(const char *filter, char ret_error[CAPTURE_ERROR])
{
    pcap_t *nothing = pcap_open_dead(DLT_EN10MB, SNAP_DEFAULT);
    struct bpf_program program;
    int r = compile_filter(nothing, filter, &program, ret_error);

    if (r == 0)
        pcap_freecode(&program);
    pcap_close(nothing);
    return r;
}

static int set_filter(struct capture *c, const char *filter,
                      char ret_error[CAPTURE_ERROR])
{
    struct bpf_program program;
    int status;

    if (!filter)
        return 0;
    status = compile_filter(c->pcap, filter, &program, ret_error);
    if (status < 0)
        return status;
    status = pcap_setfilter(c->pcap, &program);
    pcap_freecode(&program);
    if (status != 0)
        return say(ret_error, -EINVAL, "filter \"%.100s\" cannot be set on %s: %s",
                   filter, c->name, pcap_geterr(c->pcap));
    return 0;
}

int capture_open(const struct capture_settings *settings, struct capture **ret_capture,
                 char ret_error[CAPTURE_ERROR])
{
    struct capture *c = xcalloc(1, sizeof(*c));
    int r;

    c->name = xstrdup(settings->file ? settings->file : settings->interface);
    r = settings->file ? open_file(c, settings->file, ret_error)
                       : open_live(c, settings, ret_error);
    if (r == 0)
        r = set_filter(c, settings->filter, ret_error);
    if (r < 0) {
        capture_close(c);
        return r;
    }
    c->link = pcap_datalink(c->pcap);
    if (c->link == DLT_RAW)
        c->link = LINK_RAW;
    *ret_capture = c;
    return 0;
}

void capture_close(struct capture *c)
{
    if (!c)
        return;
    if (c->pcap)
        pcap_close(c->pcap);
    for (size_t i = 0; c->live && i < MISSED_FILES; i++)
        if (c->missed[i] >= 0)
            close(c->missed[i]);
    free(c->buffer);
    free(c->name);
    free(c);
}

int capture_fd(const struct capture *c)
{
    return c->live ? pcap_get_selectable_fd(c->pcap) : -1;
}

/* ---- reading ---- */

struct hand_over {
    frame_fn *fn;
    void *arg;
    struct capture *capture;
    int count;
};

/* Files may hold any number for a time. */
static usec_t time_of(struct timeval tv)
{
    uint64_t sec = tv.tv_sec < 0 ? 0 : (uint64_t)tv.tv_sec;
    uint64_t usec = tv.tv_usec < 0 ? 0 : (uint64_t)tv.tv_usec % USEC_PER_SEC;

    return (sec < LATEST ? sec : LATEST) * USEC_PER_SEC + usec;
}

static void on_frame(u_char *arg, const struct pcap_pkthdr *h, const u_char *bytes)
{
    struct hand_over *to = (struct hand_over *)(void *)arg;
    struct frame f = {.time = time_of(h->ts),
                      .bytes = bytes,
                      .len = h->caplen,
                      .wire_len = h->len > h->caplen ? h->len : h->caplen,
                      .link = to->capture->link};

    to->count++;
    if (f.time < to->capture->since)
        return;
    to->capture->since = 0;
    to->fn(&f, to->arg);
}

/* libpcap would find out with calls that a sensor may not make. */
static bool interface_went(struct capture *c)
{
    struct pollfd now = {.fd = pcap_fileno(c->pcap), .events = POLLIN};
    socklen_t len = sizeof(int);
    int error = 0;

    if (!c->live || poll(&now, 1, 0) <= 0 || !(now.revents & POLLERR))
        return false;
    getsockopt(now.fd, SOL_SOCKET, SO_ERROR, &error, &len);
    say(c->error, 0, "%s went away or down: %s", c->name, strerror(error));
    return true;
}

/* Some errors of a file have frames before them in the same call: these count first. */
int capture_read(struct capture *c, int most, frame_fn *fn, void *arg)
{
    struct hand_over to = {.fn = fn, .arg = arg, .capture = c};
    int r;

    if (c->error[0] || interface_went(c))
        return c->live ? -ENETDOWN : -EBADMSG;
    r = pcap_dispatch(c->pcap, most, on_frame, (u_char *)&to);
    c->received += (uint64_t)to.count;
    if (r < 0)
        say(c->error, r, "%s: %s", c->name, pcap_geterr(c->pcap));
    if (to.count > 0)
        return to.count;
    if (r < 0)
        return c->live ? -ENETDOWN : -EBADMSG;
    return c->live ? 0 : -ENODATA;
}

const char *capture_error(const struct capture *c)
{
    return c->error;
}

/* The kernel forgets its counts with each question. */
struct capture_counts capture_counts(struct capture *c)
{
    struct tpacket_stats_v3 now = {0};
    socklen_t len = sizeof(now);
    int fd = pcap_fileno(c->pcap);

    if (!c->live)
        return (struct capture_counts){.received = c->received};
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &now, &len) == 0) {
        c->counts.received += now.tp_packets;
        c->counts.dropped_ring += now.tp_drops;
    }
    c->counts.dropped_interface = missed_ever(c) - c->missed_before;
    return c->counts;
}
