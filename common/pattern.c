/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pattern is compiled to a small program. Jumps are relative, so a finished piece can
 * be moved to make room for a split in front of it. It is run on all its states at once:
 * `now` holds the instructions that may take the next byte, each at most once.
 */
#include "pattern.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"

#define STEPS_MAX (4 * PATTERN_MAX)
#define DEPTH_MAX 32

enum step_op {
    STEP_BYTE,
    STEP_ANY,
    STEP_CLASS,
    STEP_SPLIT,
    STEP_JUMP,
    STEP_BEGIN,
    STEP_END,
    STEP_MATCH
};

struct step {
    uint8_t op;
    uint8_t byte;  /* BYTE; CLASS: which one */
    int16_t first; /* SPLIT, JUMP: where to, from here */
    int16_t second;
};

struct class
{
    uint64_t bits[4];
};

struct pattern {
    struct step steps[STEPS_MAX];
    int count;
    struct class classes[PATTERN_MAX];
    int class_count;
    bool any_case;
};

struct compiler {
    struct pattern *p;
    struct text text;
    size_t pos;
    int depth;
    const char *error;
};

/* ---- compiling ---- */

static bool more(const struct compiler *c)
{
    return !c->error && c->pos < c->text.len;
}

static char peek(const struct compiler *c)
{
    return c->text.at[c->pos];
}

static void fail(struct compiler *c, const char *error)
{
    if (!c->error)
        c->error = error;
}

static void emit(struct compiler *c, struct step s)
{
    if (c->p->count < STEPS_MAX)
        c->p->steps[c->p->count++] = s;
    else
        fail(c, "the pattern is too long");
}

/* Makes room for one step at `at` and puts s there. */
static void insert(struct compiler *c, int at, struct step s)
{
    emit(c, s);
    if (c->error)
        return;
    memmove(&c->p->steps[at + 1], &c->p->steps[at],
            (size_t)(c->p->count - at - 1) * sizeof(s));
    c->p->steps[at] = s;
}

static void class_add(struct class *k, uint8_t byte)
{
    k->bits[byte / 64] |= UINT64_C(1) << (byte % 64);
}

static bool class_has(const struct class *k, uint8_t byte)
{
    return k->bits[byte / 64] >> (byte % 64) & 1;
}

static void emit_class(struct compiler *c, struct class k, bool inverted)
{
    struct pattern *p = c->p;

    for (int b = 0; p->any_case && b < 256; b++)
        if (class_has(&k, (uint8_t)b) && isalpha(b))
            class_add(&k, (uint8_t)(b ^ 0x20));
    for (size_t i = 0; inverted && i < 4; i++)
        k.bits[i] = ~k.bits[i];
    p->classes[p->class_count] = k;
    emit(c, (struct step){.op = STEP_CLASS, .byte = (uint8_t)p->class_count++});
}

static void emit_byte(struct compiler *c, uint8_t byte)
{
    struct class k = {0};

    if (!c->p->any_case || !isalpha(byte)) {
        emit(c, (struct step){.op = STEP_BYTE, .byte = byte});
        return;
    }
    class_add(&k, byte);
    emit_class(c, k, false);
}

/* \d and its like into k; false when the letter stands for no class. */
static bool named_class(char letter, struct class *k)
{
    char low = (char)tolower((uint8_t)letter);

    if (low != 'd' && low != 'w' && low != 's')
        return false;
    for (int b = 0; b < 256; b++) {
        bool in = low == 'd'   ? isdigit(b)
                  : low == 'w' ? isalnum(b) || b == '_'
                               : isspace(b);

        if ((b < 128 && in) == (low == letter))
            class_add(k, (uint8_t)b);
    }
    return true;
}

static void parse_escape(struct compiler *c)
{
    struct class k = {0};
    char letter;

    c->pos++;
    if (!more(c)) {
        fail(c, "nothing follows the last \\");
        return;
    }
    letter = c->text.at[c->pos++];
    if (named_class(letter, &k))
        emit_class(c, k, false);
    else if (isalnum((uint8_t)letter))
        fail(c, "\\ is only for . [ ] ( ) * + ? | ^ $ \\ and d w s D W S");
    else
        emit_byte(c, (uint8_t)letter);
}

/* One item of [...]: a character, a range, or \d and its like. */
static void parse_class_item(struct compiler *c, struct class *k)
{
    uint8_t from = (uint8_t)c->text.at[c->pos++], to;

    if (from == '\\' && more(c)) {
        from = (uint8_t)c->text.at[c->pos++];
        if (named_class((char)from, k))
            return;
    }
    to = from;
    if (c->pos + 1 < c->text.len && peek(c) == '-' && c->text.at[c->pos + 1] != ']') {
        c->pos++;
        to = (uint8_t)c->text.at[c->pos++];
    }
    if (to < from)
        fail(c, "a range in [ ] runs backwards");
    for (int b = from; b <= to; b++)
        class_add(k, (uint8_t)b);
}

static void parse_class(struct compiler *c)
{
    struct class k = {0};
    bool inverted, first = true;

    c->pos++;
    inverted = more(c) && peek(c) == '^';
    if (inverted)
        c->pos++;
    while (more(c) && (first || peek(c) != ']')) {
        parse_class_item(c, &k);
        first = false;
    }
    if (!more(c)) {
        fail(c, "no ] closes the [");
        return;
    }
    c->pos++;
    emit_class(c, k, inverted);
}

static void parse_either(struct compiler *c);

static void parse_group(struct compiler *c)
{
    c->pos++;
    if (c->depth == DEPTH_MAX) {
        fail(c, "too many ( inside each other");
        return;
    }
    if (more(c) && peek(c) == '?') {
        fail(c, "(?...) is not supported, but for (?i) at the start");
        return;
    }
    c->depth++;
    parse_either(c);
    c->depth--;
    if (!more(c))
        fail(c, "no ) closes the (");
    c->pos++;
}

static void parse_one(struct compiler *c)
{
    switch (peek(c)) {
    case '(':
        parse_group(c);
        return;
    case '[':
        parse_class(c);
        return;
    case '\\':
        parse_escape(c);
        return;
    case '.':
        emit(c, (struct step){.op = STEP_ANY});
        break;
    case '^':
        emit(c, (struct step){.op = STEP_BEGIN});
        break;
    case '$':
        emit(c, (struct step){.op = STEP_END});
        break;
    case '*':
    case '+':
    case '?':
        fail(c, "nothing stands before * + or ? that could be repeated");
        return;
    case '{':
        fail(c, "counted repeats {n} are not supported; \\{ is a brace");
        return;
    default:
        emit_byte(c, (uint8_t)peek(c));
    }
    c->pos++;
}

static void parse_repeated(struct compiler *c)
{
    int start = c->p->count, len;
    char sign;

    parse_one(c);
    if (!more(c) || (peek(c) != '*' && peek(c) != '+' && peek(c) != '?'))
        return;
    sign = c->text.at[c->pos++];
    len = c->p->count - start;
    if (more(c) && (peek(c) == '*' || peek(c) == '+' || peek(c) == '?')) {
        fail(c, "two repeats in a row");
        return;
    }
    if (sign == '+') {
        emit(c, (struct step){STEP_SPLIT, 0, (int16_t)-len, 1});
        return;
    }
    insert(c, start,
           (struct step){STEP_SPLIT, 0, 1, (int16_t)(sign == '*' ? len + 2 : len + 1)});
    if (sign == '*')
        emit(c, (struct step){STEP_JUMP, 0, (int16_t)(-len - 1), 0});
}

static void parse_row(struct compiler *c)
{
    while (more(c) && peek(c) != '|' && peek(c) != ')')
        parse_repeated(c);
}

static void parse_either(struct compiler *c)
{
    int start = c->p->count, left, right;

    parse_row(c);
    if (!more(c) || peek(c) != '|')
        return;
    c->pos++;
    left = c->p->count - start;
    insert(c, start, (struct step){STEP_SPLIT, 0, 1, (int16_t)(left + 2)});
    emit(c, (struct step){.op = STEP_JUMP});
    right = c->p->count;
    if (c->depth == DEPTH_MAX) {
        fail(c, "too many | in one pattern");
        return;
    }
    c->depth++;
    parse_either(c);
    c->depth--;
    if (!c->error)
        c->p->steps[right - 1].first = (int16_t)(c->p->count - right + 1);
}

static struct pattern *finish(struct compiler *c, const char **ret_error, size_t *ret_at)
{
    emit(c, (struct step){.op = STEP_MATCH});
    if (!c->error)
        return c->p;
    *ret_error = c->error;
    *ret_at = c->pos < c->text.len ? c->pos : c->text.len;
    pattern_free(c->p);
    return NULL;
}

static bool begin(struct compiler *c, struct text text, const char **ret_error,
                  size_t *ret_at)
{
    *ret_at = 0;
    if (text.len == 0)
        *ret_error = "the pattern is empty";
    else if (text.len > PATTERN_MAX)
        *ret_error = "the pattern is longer than 256 characters";
    else {
        *c = (struct compiler){.p = xcalloc(1, sizeof(*c->p)), .text = text};
        return true;
    }
    return false;
}

struct pattern *pattern_glob(struct text text, const char **ret_error, size_t *ret_at)
{
    struct compiler c;

    if (!begin(&c, text, ret_error, ret_at))
        return NULL;
    emit(&c, (struct step){.op = STEP_BEGIN});
    for (; more(&c); c.pos++) {
        if (peek(&c) == '*') {
            emit(&c, (struct step){STEP_SPLIT, 0, 1, 3});
            emit(&c, (struct step){.op = STEP_ANY});
            emit(&c, (struct step){STEP_JUMP, 0, -2, 0});
        } else if (peek(&c) == '?') {
            emit(&c, (struct step){.op = STEP_ANY});
        } else {
            emit_byte(&c, (uint8_t)peek(&c));
        }
    }
    emit(&c, (struct step){.op = STEP_END});
    return finish(&c, ret_error, ret_at);
}

struct pattern *pattern_regex(struct text text, const char **ret_error, size_t *ret_at)
{
    struct compiler c;

    if (!begin(&c, text, ret_error, ret_at))
        return NULL;
    if (text.len >= 4 && memcmp(text.at, "(?i)", 4) == 0) {
        c.p->any_case = true;
        c.pos = 4;
    }
    parse_either(&c);
    if (more(&c))
        fail(&c, ") without a (");
    return finish(&c, ret_error, ret_at);
}

void pattern_free(struct pattern *p)
{
    free(p);
}

/* ---- running ---- */

/* A set of steps that keeps the order of arrival and is emptied at no cost. */
struct states {
    uint16_t at[STEPS_MAX];
    uint16_t where[STEPS_MAX];
    int count;
};

struct run {
    const struct pattern *p;
    struct text text;
    struct states sets[2];
};

static bool states_have(const struct states *s, int step)
{
    return s->where[step] < s->count && s->at[s->where[step]] == step;
}

/* Puts step and all that is reached from it without a byte into the set. The set is its
 * own list of what is still to be followed. */
static void states_reach(const struct run *r, struct states *s, int step, size_t pos)
{
    int next = s->count;
    int reached[2] = {step, -1};

    for (;;) {
        for (int i = 0; i < 2; i++)
            if (reached[i] >= 0 && !states_have(s, reached[i])) {
                s->where[reached[i]] = (uint16_t)s->count;
                s->at[s->count++] = (uint16_t)reached[i];
            }
        if (next == s->count)
            return;
        step = s->at[next++];
        reached[0] = reached[1] = -1;
        switch (r->p->steps[step].op) {
        case STEP_SPLIT:
            reached[1] = step + r->p->steps[step].second;
            reached[0] = step + r->p->steps[step].first;
            break;
        case STEP_JUMP:
            reached[0] = step + r->p->steps[step].first;
            break;
        case STEP_BEGIN:
            reached[0] = pos == 0 ? step + 1 : -1;
            break;
        case STEP_END:
            reached[0] = pos == r->text.len ? step + 1 : -1;
            break;
        default:
            break;
        }
    }
}

static bool takes(const struct pattern *p, const struct step *s, uint8_t byte)
{
    switch (s->op) {
    case STEP_BYTE:
        return s->byte == byte;
    case STEP_ANY:
        return true;
    case STEP_CLASS:
        return class_has(&p->classes[s->byte], byte);
    default:
        return false;
    }
}

bool pattern_matches(const struct pattern *p, struct text text)
{
    struct run r = {.p = p, .text = text};
    struct states *now = &r.sets[0], *next = &r.sets[1];

    for (size_t pos = 0; pos <= text.len; pos++) {
        struct states *swap = now;

        states_reach(&r, now, 0, pos);
        if (states_have(now, p->count - 1))
            return true;
        if (pos == text.len)
            break;
        next->count = 0;
        for (int i = 0; i < now->count; i++)
            if (takes(p, &p->steps[now->at[i]], (uint8_t)text.at[pos]))
                states_reach(&r, next, now->at[i] + 1, pos + 1);
        now = next;
        next = swap;
    }
    return false;
}
