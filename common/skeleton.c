/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An A-label stands for lower-case characters only (RFC 5891 section 4.2.1, RFC 5892), so
 * that capitals are not in the tables. The tables of Latin letters follow Unicode's own
 * decompositions; those of other scripts hold what looks like a Latin letter in the faces
 * that browsers show addresses in.
 */
#include "skeleton.h"

#include "domain.h"

#define NOTHING '.' /* in the tables: looks like no ASCII letter */

/* One character for each code point from the first on. */
static const struct {
    uint32_t first, count;
    const char *letters;
} tables[] = {
    {0xc0, 496, /* Latin-1, Latin Extended A and B, IPA */
     "................................aaaaaa.ceeeeiiiidnooooo.ouuuuypy"
     ".a.a.a.c.c.c.c.d.d.e.e.e.e.e.g.g.g.g.h.h.i.i.i.i.i...j.kk.l.l.l."
     "l.l.n.n.nn.n.o.o.o...r.r.r.s.s.s.s.t.t.t.u.u.u.u.u.u.w.y..z.z.zf"
     "b..b.b..c...d.....f......kl...n..o...p..s..t.t..u...y.z........."
     "l.............a.i.o.u.u.u.u.ue.a.a...g.g.k.o.o..j....g...n.a...."
     ".a.a.e.e.i.i.o.o.r.r.u.u.s.t...h.d...z.a.e.o.o.o.o.ylntj....c..s"
     "z......e.j.q.r.y.a.b.cdd.e.e....ggg...h.iiilll.wwmnnno......rrr."
     "rrs.....tu.vvw.yzz.......b.ghj.lq..............."},
    {0x390, 64, /* Greek */
     "i...........................aeniuaby.e.n.ik.uv.o.p.otu.x.wiuouw."},
    {0x430, 256, /* Cyrillic */
     "a.br.e..uuk.mhonpcty.x..w.b.b...ee.r.siij..hkuy..w.............."
     ".....v.v.........................r.r.......k.k.k.k.h.......c.t.y"
     ".y.x...h.h.h.e.e...............l.a.a...e.e.........u.u.o.o.....y"
     ".y.y.............d.........................q.w.................."},
    {0x560, 48, /* Armenian */
     ".wrq..q.....l...h....j..n...nu...g..po.........."},
    {0x1e00, 256, /* Latin Extended Additional */
     ".a.b.b.b.c.d.d.d.d.d.e.e.e.e.e.f.g.h.h.h.h.h.i.i.k.k.k.l.l.l.l.m"
     ".m.m.n.n.n.n.o.o.o.o.p.p.r.r.r.r.s.s.s.s.s.t.t.t.t.u.u.u.u.u.v.v"
     ".w.w.w.w.w.x.x.y.z.z.zhtwy.s.....a.a.a.a.a.a.a.a.a.a.a.a.e.e.e.e"
     ".e.e.e.e.i.i.o.o.o.o.o.o.o.o.o.o.o.o.u.u.u.u.u.u.u.y.y.y.y......"},
};

/* Combining marks stand on the letter before them. */
static bool is_mark(uint32_t c)
{
    return c >= 0x300 && c <= 0x36f;
}

static char letter_of(uint32_t c)
{
    if (c < 0x80)
        return (char)c;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (c >= tables[i].first && c - tables[i].first < tables[i].count) {
            char letter = tables[i].letters[c - tables[i].first];

            return letter == NOTHING ? SKELETON_STRANGE : letter;
        }
    return SKELETON_STRANGE;
}

static bool is_a_label(struct text label)
{
    return label.len > 4 && memcmp(label.at, "xn--", 4) == 0;
}

/* What a decoded A-label looks like; 0 when it is none after all. */
static size_t decode(struct text label, char ret_letters[SKELETON_MAX])
{
    uint32_t characters[SKELETON_MAX];
    size_t count = domain_label_decode(label, characters, SKELETON_MAX), len = 0;

    for (size_t i = 0; i < count && len + 1 < SKELETON_MAX; i++)
        if (!is_mark(characters[i]))
            ret_letters[len++] = letter_of(characters[i]);
    return len;
}

/* Two letters that look like one; 0: they do not. */
static char one_for(char first, char second)
{
    if (first == 'r' && second == 'n')
        return 'm';
    if (first == 'v' && second == 'v')
        return 'w';
    if (first == 'c' && (second == 'l' || second == '1'))
        return 'd';
    return '\0';
}

static char plain(char c)
{
    switch (c) {
    case '0':
        return 'o';
    case '1':
    case 'i':
        return 'l';
    default:
        return c;
    }
}

size_t skeleton_of(struct text label, char ret_skeleton[SKELETON_MAX])
{
    char letters[SKELETON_MAX];
    size_t count = 0, len = 0;

    if (label.len == 0 || label.len >= SKELETON_MAX)
        return 0;
    if (is_a_label(label))
        count = decode(label, letters);
    if (count == 0) {
        memcpy(letters, label.at, label.len);
        count = label.len;
    }
    for (size_t i = 0; i < count; i++) {
        char both = i + 1 < count ? one_for(letters[i], letters[i + 1]) : '\0';

        ret_skeleton[len++] = both ? both : plain(letters[i]);
        i += both != '\0';
    }
    ret_skeleton[len] = '\0';
    return len;
}

bool skeleton_one_off(struct text a, struct text b)
{
    size_t same = 0, end = 0, least = a.len < b.len ? a.len : b.len;
    size_t more = (a.len > b.len ? a.len : b.len) - least;

    if (more > 1)
        return false;
    while (same < least && a.at[same] == b.at[same])
        same++;
    while (end < least - same && a.at[a.len - 1 - end] == b.at[b.len - 1 - end])
        end++;
    if (more == 1)
        return same + end == least;
    if (least - same - end == 2)
        return a.at[same] == b.at[same + 1] && a.at[same + 1] == b.at[same];
    return least - same - end == 1;
}
