/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract.h - extractors: bounded parsers that turn a protocol's bytes into events.
 *
 * An extractor is one file, a const struct and a row in extract.c. It reads through a
 * cursor, knows no flows, rules or other extractors, and keeps no state (but see talk.h):
 * for a stream it is shown the bytes of one direction from where it left off, again and
 * again until it has enough. Where a client's datagrams carry a stream in pieces (QUIC),
 * the extractor opens each of them, the inspector puts the pieces together as it does
 * with segments of TCP, and then shows the stream from its beginning.
 *
 * It puts its own protocol's fields, and host with host.registrable. Who talks to whom,
 * and where that is, is put by whoever receives the event. What costs much to find out it
 * may leave out when nobody asks for it.
 *
 * To add a protocol: extract_X.c, a row in extract.c, its fields in field.def, a fuzzer
 * and a capture. Nothing else changes.
 */
#ifndef EXTRACT_H
#define EXTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/answer.h"
#include "agent/packet.h"
#include "agent/talk.h"
#include "event.h"
#include "hash.h"

enum extract_from {
    EXTRACT_LINK,     /* packets without IP */
    EXTRACT_DATAGRAM, /* UDP payloads, each by itself */
    EXTRACT_PIECES,   /* UDP payloads of a client, which carry one message in pieces; of
                         both ends where both_sides is said */
    EXTRACT_STREAM,   /* TCP, each direction put in order */
    EXTRACT_ICMP6,    /* ICMPv6 messages, behind the checksum */
};

enum extract_result {
    EXTRACT_DONE,  /* all that this direction has to say */
    EXTRACT_NEXT,  /* a message is read; the cursor stands behind it; there may be more */
    EXTRACT_OTHER, /* as NEXT, but what follows may be another protocol */
    EXTRACT_AGAIN, /* the beginning is told; show it all again, as there is more to say */
    EXTRACT_MORE,  /* well so far, but the bytes end too early; nothing was emitted */
    EXTRACT_NOT,   /* not this protocol, or broken; nothing was emitted */
};

#define EXTRACT_NOTE 24

/* Where the pieces of a datagram go. */
struct extract_pieces {
    uint8_t *note;    /* EXTRACT_NOTE bytes, kept with the flow; zeros before the first */
    bool from_client; /* who sent the datagram */
    void (*begin)(void *arg); /* those of this end so far belong to another message */
    void (*piece)(uint64_t at, struct cur bytes, void *arg); /* copied during the call */
    void *arg;
};

/* What an extractor is given to speak with. */
struct extract_out {
    struct event *event;         /* begin it, fill it, then call emit */
    const struct packet *packet; /* it brought the last byte: time, link layer */
    void (*emit)(struct event *e, void *arg); /* the event is looked at during the call */
    void *arg;
    const uint8_t *note; /* PIECES: as open left it */
    bool from_client;    /* stream, pieces: who sent the bytes */
    struct talk *talk;   /* stream, datagram: what was remembered of this flow */
    uint32_t skip; /* set with NEXT: bytes behind the message that need not be shown */
    bool unread;   /* set with DONE or NEXT: it, or what is behind it, is too long to be
                      read, and is counted */
    bool again;    /* stream: of these bytes AGAIN was said before */

    struct answer_rest *rest; /* addresses of an answer that the event has no room for;
                                 whoever adds some wipes it first. NULL: they are lost */
    struct text host;         /* the name that the flow is known by so far; empty: none */
    const struct field_set *asked; /* the fields that anybody asks for; NULL: all */
    /* Whether a host is protected, so that an event which can't hold all names that it
     * speaks of holds that one. NULL: none is. */
    bool (*guards)(struct text host, void *arg);
    /* For codes of what may be counted but not told; nobody outside knows it. NULL: no
     * codes are made. */
    const struct hash_key *key;
};

static inline bool extract_asked(const struct extract_out *out, enum field_id f)
{
    return !out->asked || field_set_has(out->asked, f);
}

#define EXTRACT_SKIP_MAX (UINT32_C(1) << 24)

struct extractor {
    const char *name; /* in --events and in counters */
    enum event_kind kind;
    enum extract_from from;
    const char *app;  /* word of names_app for a flow that it understood; NULL: none */
    uint32_t most;    /* stream, pieces: bytes kept of a message before giving up */
    bool later;       /* stream: may begin behind other bytes, where a segment begins */
    bool secret;      /* stream, datagram: passwords may be among the bytes: no frame of
                         them is kept */
    uint32_t first;   /* stream: as few bytes as tell that it is; 0: EXTRACT_FIRST */
    bool both_sides;  /* pieces: the server sends such, too */
    const char *then; /* stream: app of a flow that goes on with EXTRACT_OTHER, or NULL */

    /* Cheap: may these be its bytes? Ports may be asked for, but are no proof. The first
     * bytes of a stream may be fewer than it needs: then, may they become its own? Who
     * reads one direction of a stream is asked first about the other. */
    bool (*wants)(const struct packet *p, struct cur bytes);

    /* PIECES: gives out what a datagram carries. NEXT: it is this protocol's for certain;
     * MORE: it may be, and carries nothing; NOT: it is not, or can't be opened. */
    enum extract_result (*open)(struct cur datagram, const struct extract_pieces *out);

    /* Reads one message and emits what it says. A datagram or frame: DONE or NOT; of
     * pieces, which stay where they are until it is read: DONE, MORE or NOT. */
    enum extract_result (*read)(struct cur *bytes, struct extract_out *out);
};

#define EXTRACT_FIRST 8

extern const struct extractor extract_arp, extract_dhcp, extract_dns_udp, extract_dns_tcp,
    extract_http, extract_tls, extract_quic, extract_dhcp6, extract_nd, extract_mdns,
    extract_llmnr, extract_nbns, extract_proxy, extract_ssh, extract_smb, extract_rdp,
    extract_smtp, extract_ftp, extract_pop3, extract_imap, extract_telnet, extract_snmp,
    extract_llmnr_tcp, extract_kerberos_udp, extract_kerberos_tcp, extract_dtls,
    extract_rtcp;

extern const struct extractor *const extractors[];
extern const size_t extractor_count;

/* ---- running them on a flow: inspect.c ---- */

struct flow;
struct inspector;

struct inspector_settings {
    uint32_t stream_capacity; /* flows whose bytes are kept, at least 1 */
    uint32_t stream_bytes;    /* kept for all of them together */
    void (*emit)(struct event *e, const struct packet *p, struct flow *f, void *arg);
    bool (*guards)(struct text host, void *arg); /* as in extract_out */
    struct answer_rest *rest;                    /* likewise */
    /* The packet may hold a password; before_too: so may frames before, its fragments.
     * NULL: nobody cares. */
    void (*secret)(bool before_too, void *arg);
    const struct hash_key *key; /* as in extract_out; it outlives the inspector */
    void *arg;
};

struct inspector_counts {
    uint64_t understood;      /* flows named by an extractor */
    uint64_t streams_evicted; /* gave up their buffer to another flow */
    uint64_t gaps;            /* directions given up: bytes are missing */
    uint64_t unopened;        /* datagrams of pieces that could not be opened */
    uint64_t refused;         /* began like a protocol, were not it */
    uint64_t unread; /* messages of flows that were understood: too long, or broken;
                        mostly the direction is given up with them */
};

struct inspector *inspector_new(const struct inspector_settings *settings);
void inspector_free(struct inspector *i);

/* From now on only these fields are asked for; NULL, as at first: all. */
void inspector_ask(struct inspector *i, const struct field_set *asked);

/* A packet without a flow (ARP and its kind). */
void inspector_link(struct inspector *i, const struct packet *p);

/*
 * A packet of a flow that is not yet inspected. Sets f->stage.app (confidence own_parser)
 * when an extractor understood the flow from its first bytes on, and inspected when it is
 * named and nothing more can be learnt. False: no extractor reads this packet or named
 * the flow, so dpi is to look at it.
 */
bool inspector_packet(struct inspector *i, const struct packet *p, struct flow *f,
                      bool from_client);

/* Something may still be found in a flow that nobody reads now: TLS after STARTTLS, in
 * SOCKS or in a proxy's tunnel. So its packets are to be shown here even if dpi is done.
 */
bool inspector_looks(const struct flow *f);

/* The flow is over: releases stage.stream. */
void inspector_end(struct inspector *i, struct flow *f);

struct inspector_counts inspector_counts(const struct inspector *i);

#endif
