/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/page.h"

#include <ctype.h>
#include <string.h>

static void put_markdown(struct buffer *out, const char *text)
{
    const char *begin = text;

    for (; *text; text++)
        if (strchr("\\`*_[]<>#|~&!", *text) || (text == begin && strchr("+-=", *text)) ||
            (*text == '.' && text > begin && isdigit((uint8_t)text[-1]) &&
             isspace((uint8_t)text[1])))
            buffer_print(out, "\\%c", *text);
        else
            buffer_add(out, text, 1);
}

/* Lines become one, so that no mark of Markdown stands at the beginning of a later one.
 */
static void put(struct page *p, const char *text)
{
    auto_buffer struct buffer visible = {0};

    for (size_t len; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        if (visible.len > 0 && len > 0)
            buffer_text(&visible, " ");
        buffer_text_visible(&visible, (struct text){text, len});
    }
    if (p->html)
        buffer_text_html(&p->out, (struct text){visible.at, visible.len});
    else
        put_markdown(&p->out, visible.len ? visible.at : "");
}

void page_begin(struct page *p, const char *title)
{
    if (!p->html)
        return;
    buffer_text(&p->out,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>");
    put(p, title);
    buffer_text(
        &p->out,
        "</title>\n<style>\n"
        "body { font: 11pt/1.4 serif; max-width: 48em; margin: 2em auto; }\n"
        "h3 { break-after: avoid; margin-top: 2em; border-top: 1px solid #999; }\n"
        "ul { break-inside: avoid; }\n"
        "@media print { body { margin: 0; } a { color: inherit; } }\n"
        "</style>\n");
}

void page_end(struct page *p)
{
    if (p->html)
        buffer_text(&p->out, "</html>\n");
}

void page_heading(struct page *p, int level, const char *anchor, const char *text)
{
    if (p->html) {
        buffer_print(&p->out, "<h%d%s%s%s>", level, anchor ? " id=\"" : "",
                     anchor ? anchor : "", anchor ? "\"" : "");
        put(p, text);
        buffer_print(&p->out, "</h%d>\n", level);
        return;
    }
    if (anchor)
        buffer_print(&p->out, "\n<a id=\"%s\"></a>\n", anchor);
    buffer_print(&p->out, "\n%.*s ", level, "####");
    put(p, text);
    buffer_text(&p->out, "\n");
}

void page_paragraph(struct page *p, const char *text)
{
    buffer_text(&p->out, p->html ? "<p>" : "\n");
    put(p, text);
    buffer_text(&p->out, p->html ? "</p>\n" : "\n");
}

void page_label(struct page *p, const char *label)
{
    buffer_text(&p->out, p->html ? "<p><strong>" : "\n**");
    put(p, label);
    buffer_text(&p->out, p->html ? ":</strong></p>\n" : ":**\n");
}

void page_line(struct page *p, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    page_label(p, label);
    p->out.len -= strlen(p->html ? "</p>\n" : "\n");
    buffer_text(&p->out, " ");
    put(p, text);
    buffer_text(&p->out, p->html ? "</p>\n" : "\n");
}

void page_items_begin(struct page *p)
{
    buffer_text(&p->out, p->html ? "<ul>\n" : "\n");
}

void page_item(struct page *p, unsigned depth, const char *anchor, const char *text)
{
    if (p->html)
        buffer_print(&p->out, "<li style=\"margin-left: %uem\">", 2 * depth);
    else
        buffer_print(&p->out, "%*s* ", (int)(2 * depth), "");
    if (anchor)
        buffer_print(&p->out, p->html ? "<a href=\"#%s\">" : "[", anchor);
    put(p, text);
    if (anchor && p->html)
        buffer_text(&p->out, "</a>");
    else if (anchor)
        buffer_print(&p->out, "](#%s)", anchor);
    buffer_text(&p->out, p->html ? "</li>\n" : "\n");
}

void page_items_end(struct page *p)
{
    if (p->html)
        buffer_text(&p->out, "</ul>\n");
}
