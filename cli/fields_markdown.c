/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/fields.h"
#include "mem.h"

static const char intro[] =
    "# Events and alerts\n"
    "\n"
    "Written by `hallwatch rules fields --format markdown` from include/field.def, the one\n"
    "table of fields: change that, then `make docs`.\n"
    "\n"
    "A sensor says what it saw as events; a rule asks for their fields by name. An alert is\n"
    "the document of the event that raised it, with the rule's words added. Documents are\n"
    "JSON, one in a line, compatible with Suricata's EVE: what EVE has stands where EVE has\n"
    "it, all else under `hallwatch`. `events.schema.json` beside this page is the same as a\n"
    "JSON Schema. To see some:\n"
    "\n"
    "    hallwatch-agent -r tests/golden/browsing.pcap --events all | jq .\n"
    "\n"
    "Each document has `timestamp` (time of the packet, UTC, microseconds) and `event_type`;\n"
    "`community_id` (Community ID 1.0) is there where both addresses are shown.\n"
    "\n"
    "Privacy, the fourth column below:\n"
    "\n"
    "* **open**: written as it is.\n"
    "* **person**: tells which device it is. Left out or sealed as the rule's `identity` says.\n"
    "* **host**: tells what was visited. Never there for a protected destination.\n"
    "* **memory**: may be matched by a rule, is never written anywhere.\n"
    "\n"
    "In an alert, a field that the rule may not show is missing, never empty: every field\n"
    "below may be. The two ends: `src` is who began, `dst` who was called.\n";

static void put_heading(struct buffer *b, uint32_t kinds)
{
    auto_free char *text = field_kinds_text(kinds);

    buffer_print(b,
                 "\n## Of %s\n\n| field | type | in JSON | privacy | what |\n"
                 "| --- | --- | --- | --- | --- |\n",
                 strcmp(text, "any") == 0 ? "every kind of event" : text);
}

static void put_row(struct buffer *b, const struct field *f)
{
    buffer_print(b, "| `%s` | %s | %s%s%s | %s | %s |\n", f->name,
                 field_type_name(f->type), f->eve ? "`" : "", f->eve ? f->eve : "never",
                 f->eve ? "`" : "", field_privacy_word(f->privacy), f->meaning);
}

static bool is_first_of_kinds(enum field_id id)
{
    for (enum field_id f = 0; f < id; f++)
        if (field_get(f)->kinds == field_get(id)->kinds)
            return false;
    return true;
}

/* One table for the fields that the same kinds of event have. */
static void put_fields(struct buffer *b)
{
    for (enum field_id id = 0; id < FIELD_COUNT; id++) {
        if (!is_first_of_kinds(id))
            continue;
        put_heading(b, field_get(id)->kinds);
        for (enum field_id f = id; f < FIELD_COUNT; f++)
            if (field_get(f)->kinds == field_get(id)->kinds)
                put_row(b, field_get(f));
    }
}

static void put_alert(struct buffer *b)
{
    buffer_text(b, "\n## What an alert has besides\n\nRules can't ask for these.\n\n"
                   "| in JSON | type | always | what |\n| --- | --- | --- | --- |\n");
    for (const struct alert_key *k = alert_keys; k->path; k++)
        buffer_print(b, "| `%s` | %s | %s | %s |\n", k->path, field_type_name(k->type),
                     k->always ? "yes" : "", k->meaning);
}

static bool is_first_of_words(enum field_id id)
{
    for (enum field_id f = 0; f < id; f++)
        if (field_get(f)->words == field_get(id)->words)
            return false;
    return true;
}

static void put_vocabulary(struct buffer *b, enum field_id id)
{
    const struct names *words = field_get(id)->words;
    size_t column = 0;

    buffer_print(b, "\n**%s** (`%s`", words->what, field_get(id)->name);
    for (enum field_id f = id + 1; f < FIELD_COUNT; f++)
        if (field_get(f)->words == words)
            buffer_print(b, ", `%s`", field_get(f)->name);
    buffer_text(b, "):\n");
    for (size_t i = 0; i < words->count; i++) {
        size_t len = strlen(words->at[i]) + 3;

        if (column > 0)
            buffer_text(b, column + len > 88 ? "\n" : " ");
        column = column + len > 88 ? len : column + len;
        buffer_print(b, "`%s`", words->at[i]);
    }
    buffer_text(b, "\n");
}

static void put_words(struct buffer *b)
{
    buffer_text(
        b, "\n## Words\n\nWhat fields of type name can be. They are ours and stay the"
           " same over versions of nDPI;\n`proto` is written as EVE spells it.\n");
    for (enum field_id id = 0; id < FIELD_COUNT; id++)
        if (field_get(id)->words && is_first_of_words(id))
            put_vocabulary(b, id);
}

char *fields_markdown(void)
{
    struct buffer b = {0};

    buffer_text(&b, intro);
    put_fields(&b);
    put_alert(&b);
    put_words(&b);
    return buffer_take(&b);
}
