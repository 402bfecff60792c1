/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "certificates.h"
#include "heard.h"
#include "list_read.h"
#include "mem.h"

struct result {
    struct buffer names; /* each with a blank behind it */
    struct list_counts counts;
    struct diags *diags;
    int result;
};

static void collect(struct text name, void *arg)
{
    struct buffer *names = arg;

    buffer_add(names, name.at, name.len);
    buffer_add(names, " ", 1);
}

#define NOVEMBER_2026 (UINT64_C(1795824000) * USEC_PER_SEC) /* 2026-11-28T00:00:00Z */

static struct result parse(enum list_form form, const char *column, const char *text)
{
    struct list_source source = {
        .form = form, .path = "list.txt", .column = column, .now = NOVEMBER_2026};
    struct result r = {.diags = diags_new()};

    buffer_text(&r.names, "");
    r.result =
        list_parse(&source, text, strlen(text), collect, &r.names, &r.counts, r.diags);
    return r;
}

static void done(struct result *r)
{
    buffer_done(&r->names);
    diags_free(r->diags);
}

static void names_are(enum list_form form, const char *column, const char *text,
                      const char *names, unsigned skipped, unsigned refused)
{
    struct result r = parse(form, column, text);

    assert_int_equal(r.result, 0);
    assert_string_equal(r.names.at ? r.names.at : "", names);
    assert_int_equal(r.counts.skipped, skipped);
    assert_int_equal(r.counts.refused, refused);
    done(&r);
}

static void a_plain_list_has_a_domain_a_line(void **state)
{
    (void)state;
    names_are(
        LIST_FORM_PLAIN, NULL,
        "\xef\xbb\xbf# heading\n\nA.Example.org\r\n  b.example  # why\n*.c.example\n"
        ".d.example\nb\xc3\xbc"
        "cher.example\nlast.example",
        "a.example.org b.example c.example d.example xn--bcher-kva.example "
        "last.example ",
        0, 0);
}

static void a_line_that_is_no_name_is_counted_and_left_out(void **state)
{
    (void)state;
    names_are(LIST_FORM_PLAIN, NULL, "a b\nhttp://x.example/\n*\n*.\na.*.b\nok.example\n",
              "ok.example ", 0, 5);
}

static void a_value_ends_after_its_last_day(void **state)
{
    (void)state;
    names_are(LIST_FORM_PLAIN, NULL,
              "a.example until 2026-11-27\nb.example until 2026-11-28 # found again\n"
              "c.example\tuntil\t2027-01-31\n",
              "b.example c.example ", 1, 0);
    names_are(LIST_FORM_PLAIN, NULL,
              "a.example until\nb.example until 2026-13-01\nc.example until tomorrow\n"
              "d.example until 2027-01-31 or so\ne.example till 2027-01-31\n"
              "f.example until 2027-01-31T00:00:00Z\n",
              "", 0, 6);
}

static void a_hosts_file_has_names_behind_addresses(void **state)
{
    (void)state;
    names_are(LIST_FORM_HOSTS, NULL,
              "127.0.0.1 localhost\n::1 ip6-localhost\n0.0.0.0 0.0.0.0\n"
              "0.0.0.0 a.example b.example # two\nc.example\n:: d.example\n",
              "a.example b.example d.example ", 3, 1);
}

static void a_response_policy_zone_lists_what_it_blocks(void **state)
{
    (void)state;
    names_are(LIST_FORM_RPZ, NULL,
              "$TTL 300\n"
              "@ IN SOA localhost. root.localhost. (\n"
              "   1 ; serial\n"
              "   3600 600 86400 300 )\n"
              "  IN NS localhost.\n"
              "a.example CNAME .\n"
              "*.a.example 300 IN CNAME .\n"
              "b.example IN CNAME *.\n"
              "c.example A 192.0.2.1\n"
              "good.example CNAME rpz-passthru.\n"
              "32.1.2.0.192.rpz-ip CNAME .\n"
              "d.example TXT \"text\"\n"
              "$ORIGIN rpz.test.\n"
              "e.example.rpz.test. CNAME rpz-drop.\n"
              "rpz.test. NS localhost.\n"
              "nonsense\n",
              "a.example a.example b.example c.example e.example ", 10, 1);
}

static void a_table_has_them_in_a_column(void **state)
{
    (void)state;
    names_are(LIST_FORM_CSV, NULL, "a.example,1\n\"b.example\",\"x, y\"\n",
              "a.example b.example ", 0, 0);
    names_are(LIST_FORM_CSV, "2",
              "#id,domain\n1,a.example\n\"1,\"\"2\",\"b.example\"\n3\n4,\n",
              "a.example b.example ", 1, 1);
    names_are(LIST_FORM_CSV, "domain",
              "id, domain ,\"why\"\n1,a.example,x\n2, b.example ,y\n",
              "a.example b.example ", 1, 0);
    names_are(LIST_FORM_CSV, NULL, "a.example b.example\n", "", 0, 1);
}

static void a_column_that_is_not_there_is_an_error(void **state)
{
    struct result r = parse(LIST_FORM_CSV, "host", "id,domain\n1,a.example\n");
    auto_free char *said = diags_text(r.diags);

    (void)state;
    assert_int_equal(r.result, -EINVAL);
    assert_int_equal(diags_errors(r.diags), 1);
    assert_non_null(strstr(said, "list.txt:1:1: error[E0421]"));
    done(&r);
}

static void the_first_refused_lines_are_told_and_the_rest_counted(void **state)
{
    struct result r = parse(LIST_FORM_PLAIN, NULL, "ok.example\n!\n!\n!\n!\n!\n!\n!\n");
    auto_free char *said = diags_text(r.diags);

    (void)state;
    assert_int_equal(r.counts.refused, 7);
    assert_int_equal(r.counts.names, 1);
    assert_int_equal(r.counts.lines, 8);
    assert_int_equal(diags_warnings(r.diags), 6);
    assert_non_null(strstr(said, "list.txt:2:1: warning[W0422]"));
    assert_non_null(strstr(said, "2 more lines are left out"));
    done(&r);
}

static void a_folder_of_ut1_is_read_by_its_domains(void **state)
{
    char folder[] = "/tmp/test_list_read.XXXXXX";
    auto_free char *path = NULL;
    struct list_source source = {.form = LIST_FORM_UT1, .path = folder};
    auto_buffer struct buffer names = {0};
    auto_diags struct diags *d = diags_new();
    struct list_counts counts;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(folder));
    path = xasprintf("%s/domains", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("a.example\n", file) >= 0);
    fclose(file);
    assert_int_equal(list_read(&source, collect, &names, &counts, d), 0);
    assert_string_equal(names.at, "a.example ");
    unlink(path);
    assert_int_equal(list_read(&source, collect, &names, &counts, d), -ENOENT);
    assert_int_equal(diags_errors(d), 1);
    rmdir(folder);
}

/* As a camera made it for itself: CN=camera. */
static const char camera[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIHiMIGVoAMCAQICAQcwBQYDK2VwMBExDzANBgNVBAMMBmNhbWVyYTAgFw02OTEy\n"
    "MzEwMDAwMDBaGA8yMDU1MDYwMTAwMDAwMFowETEPMA0GA1UEAwwGY2FtZXJhMCow\n"
    "BQYDK2VwAyEAAvDWIaY+o80MHYC7R/qAy49id12a3t4NhymGAWEmFVujEDAOMAwG\n"
    "A1UdEwEB/wQCMAAwBQYDK2VwA0EAcXVo8o944ke0B8kD23BICQy3uc7jDi5BCnTg\n"
    "Pg+9uKIrMqqWBVHeRe3vWLr3C5O+OkJu0fIP/FKIMgSd0qE0Aw==\n"
    "-----END CERTIFICATE-----\n";

static struct result parse_as(enum list_type type, enum list_form form, const char *text,
                              size_t len)
{
    struct list_source source = {.form = form, .type = type, .path = "list.pem"};
    struct result r = {.diags = diags_new()};

    buffer_text(&r.names, "");
    r.result = list_parse(&source, text, len, collect, &r.names, &r.counts, r.diags);
    return r;
}

static void certificates_are_listed_by_name_or_by_digest(void **state)
{
    auto_free char *text = xasprintf("A camera\r\n%s# and again\n%s", camera, camera);
    struct result r = parse_as(LIST_AUTHORITY, LIST_FORM_PEM, text, strlen(text));

    (void)state;
    assert_int_equal(r.result, 0);
    assert_string_equal(r.names.at, "CN=camera CN=camera ");
    assert_int_equal(r.counts.lines, 2);
    done(&r);
    r = parse_as(LIST_CERT, LIST_FORM_PEM, camera, strlen(camera));
    assert_string_equal(
        r.names.at, "c29d3917a632e0c2186fc613e821680161ccefae0760d045147b7aaabbcef565 ");
    done(&r);
}

static void one_certificate_may_be_in_bytes(void **state)
{
    char bytes[512];
    size_t len = unhex(cert_middle, (uint8_t *)bytes, sizeof(bytes));
    struct result r = parse_as(LIST_AUTHORITY, LIST_FORM_PEM, bytes, len);

    (void)state;
    assert_string_equal(r.names.at, "C=US, O=Example Trust, CN=Example CA ");
    assert_int_equal(r.counts.lines, 1);
    done(&r);
}

/* In time that grows with the file, not with its square. */
static void certificates_that_begin_and_never_end_are_each_refused(void **state)
{
    auto_buffer struct buffer text = {0};
    struct result r;

    (void)state;
    for (int i = 0; i < 100000; i++)
        buffer_text(&text, "-----BEGIN CERTIFICATE-----\nAAAA\n");
    buffer_text(&text, camera);
    r = parse_as(LIST_AUTHORITY, LIST_FORM_PEM, text.at, text.len);
    assert_int_equal(r.counts.refused, 100000);
    assert_string_equal(r.names.at, "CN=camera ");
    done(&r);
}

static void what_is_no_certificate_is_told_with_its_line(void **state)
{
    static const char *const bodies[] = {"AAAA", "MIIB!", ""};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        auto_free char *text =
            xasprintf("#\n-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n%s",
                      bodies[i], camera);
        struct result r = parse_as(LIST_AUTHORITY, LIST_FORM_PEM, text, strlen(text));
        auto_free char *said = diags_text(r.diags);

        assert_string_equal(r.names.at, "CN=camera ");
        assert_int_equal(r.counts.refused, 1);
        assert_non_null(strstr(said, "list.pem:2:1: warning[W0422]"));
        done(&r);
    }
}

static void a_certificate_that_is_cut_off_is_none(void **state)
{
    (void)state;
    for (size_t len = 0; len < strlen(camera) - 27; len++) {
        struct result r = parse_as(LIST_AUTHORITY, LIST_FORM_PEM, camera, len);

        assert_string_equal(r.names.at, "");
        done(&r);
    }
}

static void an_authority_is_a_whole_line_of_a_plain_list(void **state)
{
    static const char text[] = "# who\nO=Somebody; and more, CN=No. #1\r\n\nnobody\n";
    struct result r = parse_as(LIST_AUTHORITY, LIST_FORM_PLAIN, text, strlen(text));

    (void)state;
    assert_string_equal(r.names.at, "O=Somebody; and more, CN=No. #1 ");
    assert_int_equal(r.counts.refused, 1);
    done(&r);
}

static void write_text(const char *folder, const char *name, const char *text)
{
    auto_free char *path = xasprintf("%s/%s", folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static void a_folder_of_certificates_is_read_as_a_whole(void **state)
{
    static const char *const files[] = {"b.pem", "a.crt", "README", "c.txt"};
    char folder[] = "/tmp/test_list_read.XXXXXX";
    struct list_source source = {
        .form = LIST_FORM_PEM, .type = LIST_AUTHORITY, .path = folder};
    auto_buffer struct buffer names = {0};
    auto_diags struct diags *d = diags_new();
    struct list_counts counts;

    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < 4; i++)
        write_text(folder, files[i], camera);
    assert_int_equal(list_read(&source, collect, &names, &counts, d), 0);
    assert_string_equal(names.at, "CN=camera CN=camera ");
    assert_int_equal(counts.lines, 2);
    for (size_t i = 0; i < 4; i++) {
        auto_free char *path = xasprintf("%s/%s", folder, files[i]);

        unlink(path);
    }
    rmdir(folder);
    assert_int_equal(list_read(&source, collect, &names, &counts, d), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_list_has_a_domain_a_line),
        cmocka_unit_test(a_line_that_is_no_name_is_counted_and_left_out),
        cmocka_unit_test(a_value_ends_after_its_last_day),
        cmocka_unit_test(a_hosts_file_has_names_behind_addresses),
        cmocka_unit_test(a_response_policy_zone_lists_what_it_blocks),
        cmocka_unit_test(a_table_has_them_in_a_column),
        cmocka_unit_test(a_column_that_is_not_there_is_an_error),
        cmocka_unit_test(the_first_refused_lines_are_told_and_the_rest_counted),
        cmocka_unit_test(a_folder_of_ut1_is_read_by_its_domains),
        cmocka_unit_test(certificates_are_listed_by_name_or_by_digest),
        cmocka_unit_test(one_certificate_may_be_in_bytes),
        cmocka_unit_test(certificates_that_begin_and_never_end_are_each_refused),
        cmocka_unit_test(what_is_no_certificate_is_told_with_its_line),
        cmocka_unit_test(a_certificate_that_is_cut_off_is_none),
        cmocka_unit_test(an_authority_is_a_whole_line_of_a_plain_list),
        cmocka_unit_test(a_folder_of_certificates_is_read_as_a_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
