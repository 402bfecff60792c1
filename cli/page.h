/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h - a page that is written as Markdown or as one HTML file. Text is text: what
 * would be a mark in either is escaped. Nothing is loaded from elsewhere.
 */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include <stdbool.h>

#include "text.h"

struct page {
    bool html;
    struct buffer out;
};

void page_begin(struct page *p, const char *title);
void page_end(struct page *p);

/* level 1 to 4. anchor: letters, digits, . and -, or NULL. */
void page_heading(struct page *p, int level, const char *anchor, const char *text);
void page_paragraph(struct page *p, const char *text);

/* Before a list. */
void page_label(struct page *p, const char *label);

/* "**label**: text"; nothing when there is no text. */
void page_line(struct page *p, const char *label, const char *text);

void page_items_begin(struct page *p);
void page_item(struct page *p, unsigned depth, const char *anchor, const char *text);
void page_items_end(struct page *p);

#endif
