/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.h - the table of conversations a sensor is watching.
 *
 * A flow is one conversation of two endpoints, both directions together; its client is
 * who sent the first packet (or, seen from the middle, the end with the higher port). The
 * table has a fixed number of places, all allocated when it is made: traffic fills it but
 * never makes it grow. When it is full, a closed flow gives up its place, or else the one
 * silent longest.
 *
 * Two things are told about each flow, exactly once each and in this order: on_start,
 * when it is known whether the called end answers (at its first packet, or after
 * answer_within without one), and on_end, where whatever hangs on it is released. Both
 * are told the time at which they were due, whenever it is noticed. Between them
 * on_active is told again and again of a flow that goes on: with the first packet that
 * comes active_timeout or more after its first one, or after it was last told; of a flow
 * that is silent, never. None of the three may call the table.
 *
 * on_active and on_end come with a part: what was counted since on_active was last told,
 * or since the beginning. A flow's parts add up to what it is at its end. (IPFIX calls it
 * delta counts: octetDeltaCount, RFC 7012 section 5.)
 *
 * Time is handed in, so that a capture replays exactly like a live interface. It should
 * not go back; where it does, flows stay longer.
 */
#ifndef FLOW_H
#define FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/icmp_shape.h"
#include "agent/packet.h"
#include "agent/talk.h"
#include "clock.h"
#include "hash.h"
#include "names.h"
#include "net.h"

struct flow_half {
    uint64_t packets, bytes; /* frames whole, as on the wire */
};

/* Of a flow: what passed after since, as far as until. */
struct flow_part {
    usec_t since, until;
    struct flow_half out, in;
};

/* inspect.c: how far a flow is read; [0] what the client sends, [1] what the server does.
 */
struct flow_reading {
    union {
        uint32_t next[2]; /* TCP: sequence number of the byte to be read next */
        struct icmp_shape icmp;
    };
    bool finished[2];   /* nothing more is to be read */
    uint8_t chosen[2];  /* TCP, pieces: the extractor, its index + 1; 0: none yet */
    uint8_t looked : 5; /* segments in vain, datagrams of STUN; of both directions */
    bool named : 1;     /* an extractor understood the flow */
    uint8_t synced : 2; /* next is known, a bit for each direction */
    struct talk talk;   /* what its extractor remembers */
};

/* The first thing that its client said. */
enum flow_first {
    FLOW_FIRST_AWAITED,
    FLOW_FIRST_KNOWN, /* a parser's to tell, or it was not seen */
    FLOW_FIRST_LOOKS, /* the first of enum first_bytes, which are added */
};

/* What a sensor's later stages hang on a flow; they release it in on_end. */
struct flow_stage {
    void *dpi;    /* dpi.c */
    void *stream; /* stream.c */
    struct flow_reading reading;
    char *name;         /* flow_host or flow_led_by; NULL: none */
    uint64_t risks;     /* bits of names_risk */
    uint16_t master;    /* the protocol that carries app ("tls" of "youtube"); 0: none */
    uint16_t app;       /* index in names_app; 0: not known yet */
    uint8_t category;   /* index in names_category */
    uint8_t confidence; /* index in names_confidence */
    bool dpi_done : 1;  /* nDPI has nothing more to say */
    bool inspected : 1; /* nothing more to learn: count only */
    bool protected : 1; /* no event, count or log may show it */
    bool led : 1;       /* name is the one that led to it */
    uint8_t looked : 2; /* enum name_memory_verdict, at the first packet */
    uint8_t again : 2;  /* inspect.c: EXTRACT_AGAIN was said, a bit for each direction */
    bool spoke : 1;     /* sensor_keep.c: the client said something */
    bool unsettled : 1; /* likewise: frames are kept that nobody may have yet */
    uint8_t direction : 2; /* enum direction; sensor.c */
    uint8_t first : 3;     /* enum flow_first; likewise */
};

struct flow {
    struct addr client, server;
    uint16_t client_port, server_port; /* ICMP: type and code of the first message */
    uint16_t vlan;
    uint8_t ip_proto;
    enum tcp_state tcp_state : 8; /* TCP only */
    uint8_t ttl; /* of its first packet, where the client sent it; else 0 */
    struct mac client_mac, server_mac; /* of the routers next to us, if not theirs */
    bool answered : 1;                 /* the server sent something */
    bool started : 1;                  /* on_start was told */
    bool has_mac : 1;
    uint8_t tunnel : 4;  /* enum tunnel: what its packets were wrapped in */
    uint8_t carries : 4; /* likewise: what they wrap others in */
    uint8_t class : 4;   /* enum flow_class; the table's own */
    uint8_t fins : 2;    /* bit 0 the client's, bit 1 the server's */
    bool has_order : 1;  /* its first packet is the client's SYN */
    uint8_t order : 2;   /* then: enum syn_order */
    usec_t first, last;
    struct flow_half out, in; /* from the client; from the server */
    struct flow_stage stage;
};

/* The clean name that its TLS, QUIC or HTTP names; NULL: none so far. */
static inline const char *flow_host(const struct flow *f)
{
    return f->stage.led ? NULL : f->stage.name;
}

/* While it names none: the name whose answer gave the server's address; NULL: none. */
static inline const char *flow_led_by(const struct flow *f)
{
    return f->stage.led ? f->stage.name : NULL;
}

typedef void flow_start_fn(struct flow *f, usec_t now, void *arg);
typedef void flow_active_fn(struct flow *f, const struct flow_part *part, usec_t now,
                            void *arg);
typedef void flow_end_fn(struct flow *f, enum flow_end why, const struct flow_part *part,
                         usec_t now, void *arg);

#define FLOW_CAPACITY       131072 /* a fair default: 25 MiB when all of it is used */
#define FLOW_ACTIVE_TIMEOUT USEC_PER_MIN /* likewise */

struct flow_settings {
    uint32_t capacity;     /* places, at least 1; about 200 bytes each, and 32 more for
                              those that last longer than active_timeout */
    usec_t answer_within;  /* then a flow without an answer is "no_answer" */
    usec_t active_timeout; /* RFC 5102 section 5.11.3 has the word */
    usec_t idle_new;       /* silent this long, never answered: over */
    usec_t idle_tcp;       /* TCP that was answered */
    usec_t idle_udp;       /* all others that were answered */
    usec_t idle_closed;    /* TCP after both FINs, or RST */
    struct hash_key secret;
    flow_start_fn *on_start;
    flow_active_fn *on_active;
    flow_end_fn *on_end;
    void *arg;
};

struct flow_counts {
    uint64_t made;
    uint64_t crowded; /* gave up their place while alive */
    uint32_t now, most;
};

struct flow_table;

struct flow_table *flow_table_new(const struct flow_settings *settings);

/* Ends every flow (FLOW_STOPPED), then frees the table. NULL is fine. */
void flow_table_free(struct flow_table *t);

/*
 * The flow a packet (layer PACKET_L4 or PACKET_IP) belongs to, made if it was not there,
 * with the packet counted in; *ret_from_client says which way it goes. Borrowed until the
 * next call on this table. A new SYN on a closed conversation begins a new flow. ICMP:
 * a question and its answer are one flow. What is due at the packet's time is told first.
 */
struct flow *flow_table_touch(struct flow_table *t, const struct packet *p,
                              bool *ret_from_client);

/* Starts and ends what is due up to now, in order. Cheap when nothing is. */
void flow_table_tick(struct flow_table *t, usec_t now);

/* Ends every flow as FLOW_STOPPED, oldest first: the end of a capture. */
void flow_table_stop(struct flow_table *t, usec_t now);

/* Shows every flow that is not over; it may not call the table. */
void flow_table_each(struct flow_table *t, void (*visit)(struct flow *f, void *arg),
                     void *arg);

struct flow_counts flow_table_counts(const struct flow_table *t);

#endif
