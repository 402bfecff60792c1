/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "cli/page.h"

static void expect(bool html, const char *text, const char *wanted)
{
    struct page p = {.html = html};

    page_paragraph(&p, text);
    assert_string_equal(p.out.at, wanted);
    buffer_done(&p.out);
}

static void marks_of_html_are_escaped(void **state)
{
    (void)state;
    expect(true, "<b title=\"x\">&", "<p>&lt;b title=&quot;x&quot;&gt;&amp;</p>\n");
}

static void marks_of_markdown_are_escaped(void **state)
{
    (void)state;
    expect(false, "*a* [b](c) `d` <e>", "\n\\*a\\* \\[b\\](c) \\`d\\` \\<e\\>\n");
    expect(false, "- a", "\n\\- a\n");
    expect(false, "1. a", "\n1\\. a\n");
}

static void lines_become_one(void **state)
{
    (void)state;
    expect(false, "a\n- b\n\n# c\n", "\na - b \\# c\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_of_html_are_escaped),
        cmocka_unit_test(marks_of_markdown_are_escaped),
        cmocka_unit_test(lines_become_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
