/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "cli/sigma.h"

void sigma_pattern_read(struct sigma_pattern *p, const char *text, struct arena *a)
{
    size_t room = strlen(text) + 1;

    p->at = arena_new(a, room);
    p->is_wild = arena_array(a, room, sizeof(*p->is_wild));
    p->len = 0;
    for (; *text; text++) {
        bool escaped = *text == '\\' && text[1] && strchr("*?\\", text[1]);

        if (escaped)
            text++;
        p->is_wild[p->len] = !escaped && (*text == '*' || *text == '?');
        p->at[p->len++] = *text;
    }
}

void sigma_pattern_regex(const struct sigma_pattern *p, struct buffer *out)
{
    for (size_t i = 0; i < p->len; i++) {
        char c = p->at[i];

        if (p->is_wild[i])
            buffer_text(out, c == '*' ? ".*" : ".");
        else if (isalnum((uint8_t)c) || (uint8_t)c >= 0x80 ||
                 !strchr("\\.[](){}*+?|^$", c))
            buffer_add(out, &c, 1);
        else
            buffer_print(out, "\\%c", c);
    }
}

void sigma_quote(struct text text, struct buffer *out)
{
    buffer_text(out, "\"");
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            buffer_text(out, "\\");
        buffer_add(out, &text.at[i], 1);
    }
    buffer_text(out, "\"");
}
