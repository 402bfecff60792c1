/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response policy zone (draft-vixie-dnsop-dns-rpz) in the form of RFC 1035 section 5,
 * as far as it names what is to be blocked: the owner of a CNAME, A or AAAA record.
 * Owners that trigger on addresses or name servers are no names: how many there were is
 * told. What rpz-passthru lets pass is skipped.
 */
#include <ctype.h>
#include <strings.h>

#include "list_reader.h"

static bool word_is(struct text word, const char *what)
{
    return word.len == strlen(what) && strncasecmp(word.at, what, word.len) == 0;
}

static bool ends_with(struct text word, struct text end)
{
    return word.len > end.len &&
           strncasecmp(word.at + word.len - end.len, end.at, end.len) == 0;
}

static void count_parentheses(struct list_reader *r, struct text line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] == '(')
            r->open++;
        else if (line.at[i] == ')' && r->open > 0)
            r->open--;
    }
}

/* The type: the first word that is neither a time to live nor a class. */
static struct text type_of(struct text *line)
{
    struct text word = list_reader_word(line);

    while (word.len > 0 && (isdigit((unsigned char)word.at[0]) || word_is(word, "IN")))
        word = list_reader_word(line);
    return word;
}

/* The owner without the zone it is in; empty for the zone itself. */
static struct text relative(const struct list_reader *r, struct text owner)
{
    struct text zone = r->origin;

    if (text_equal(owner, TEXT("@")))
        return (struct text){0};
    if (zone.len == 0 || owner.at[owner.len - 1] != '.')
        return owner;
    if (owner.len == zone.len && strncasecmp(owner.at, zone.at, zone.len) == 0)
        return (struct text){0};
    if (!ends_with(owner, zone) || owner.at[owner.len - zone.len - 1] != '.')
        return owner;
    return (struct text){.at = owner.at, .len = owner.len - zone.len - 1};
}

static bool is_other_trigger(struct text name)
{
    return ends_with(name, TEXT(".rpz-ip")) || ends_with(name, TEXT(".rpz-client-ip")) ||
           ends_with(name, TEXT(".rpz-nsdname")) || ends_with(name, TEXT(".rpz-nsip"));
}

static bool blocks(struct text type, struct text target)
{
    if (word_is(type, "CNAME"))
        return !word_is(target, "rpz-passthru.");
    return word_is(type, "A") || word_is(type, "AAAA");
}

static bool is_type(struct text type)
{
    for (size_t i = 0; i < type.len; i++)
        if (!isalnum((unsigned char)type.at[i]))
            return false;
    return type.len > 0;
}

int list_line_rpz(struct list_reader *r, struct text line)
{
    bool inside = r->open > 0, same_owner = isspace((unsigned char)line.at[0]) != 0;
    struct text whole = line, owner, name, type;

    count_parentheses(r, line);
    if (inside || same_owner) {
        r->counts.skipped++;
        return 0;
    }
    owner = list_reader_word(&line);
    if (owner.at[0] == '$') {
        if (word_is(owner, "$ORIGIN"))
            r->origin = list_reader_word(&line);
        r->counts.skipped++;
        return 0;
    }
    name = relative(r, owner);
    type = type_of(&line);
    if (!is_type(type))
        list_reader_refuse(r, whole, "is no record of a zone");
    else if (is_other_trigger(name)) {
        r->counts.skipped++;
        r->triggers++;
    } else if (name.len == 0 || !blocks(type, list_reader_word(&line)))
        r->counts.skipped++;
    else
        list_reader_name(r, name);
    return 0;
}
