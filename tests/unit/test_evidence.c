/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "agent/evidence.h"
#include "json.h"
#include "mem.h"
#include "wire_frame.h"

#define NOW  (UINT64_C(1767258000) * USEC_PER_SEC)
#define NOTE "{\"rule\":\"test.one\",\"rule_version\":\"3\",\"of\":\"device\"}"

struct fixture {
    struct crypt_box_public public;
    struct crypt_box_secret secret;
    struct json *documents;
    size_t longest;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    assert_int_equal(crypt_init(), 0);
    crypt_box_keys(&f->public, &f->secret);
    f->documents = json_new_list();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    json_free(f->documents);
    free(f);
    return 0;
}

static void on_document(const char *document, size_t len, void *arg)
{
    struct fixture *f = arg;

    assert_null(memchr(document, '\n', len));
    f->longest = len > f->longest ? len : f->longest;
    json_add(f->documents, json_parse(document, len, NULL));
}

static void put(struct fixture *f, const char *note, void *bytes, size_t len)
{
    struct buffer file = {.at = bytes, .len = len};

    evidence_put(&(struct evidence_settings){.agent = "lincoln-1",
                                             .vault = &f->public,
                                             .now = NOW,
                                             .put = on_document,
                                             .arg = f},
                 &(struct gathered){
                     .id = "0123456789abcdef0123456789abcdef",
                     .note = note,
                     .from = NOW - USEC_PER_MIN,
                     .until = NOW,
                     .file = &file,
                     .counts = {.frames = 9, .cut = 8, .no_room = 7, .late = true}});
}

static const struct json *part(const struct fixture *f, size_t i)
{
    return json_get_path(json_item(f->documents, i), "hallwatch.evidence");
}

/* All parts of the seal, yours. */
static char *sealed(const struct fixture *f)
{
    auto_buffer struct buffer all = {0};

    for (size_t i = 0; i < json_count(f->documents); i++) {
        assert_int_equal(json_get_number(part(f, i), "part", 0), i + 1);
        assert_int_equal(json_get_number(part(f, i), "parts", 0),
                         json_count(f->documents));
        assert_true(json_is_object(json_get(part(f, i), "custody")) == (i == 0));
        buffer_text(&all, json_get_text(part(f, i), "sealed", ""));
    }
    return buffer_take(&all);
}

static void assert_hash(const struct json *custody, const char *key, const void *bytes,
                        size_t len)
{
    uint8_t hash[32];
    char text[65];

    crypt_sha256(bytes, len, hash);
    crypt_hex(hash, sizeof(hash), text);
    assert_string_equal(json_get_text(custody, key, ""), text);
}

static void the_parts_together_open_to_the_file(void **state)
{
    static const size_t sizes[] = {1, 97 * 1024, 1 << 20, 4 << 20};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        auto_free uint8_t *bytes = xcalloc(1, sizes[i]), *opened = NULL;
        auto_free char *all = NULL;
        size_t len = 0;

        crypt_random(bytes, sizes[i]);
        put(f, NOTE, bytes, sizes[i]);
        all = sealed(f);
        assert_hash(json_get(part(f, 0), "custody"), "sha256", bytes, sizes[i]);
        assert_hash(json_get(part(f, 0), "custody"), "sealed_sha256", all, strlen(all));
        assert_int_equal(crypt_unseal(&f->public, &f->secret, all, &opened, &len), 0);
        assert_int_equal(len, sizes[i]);
        assert_memory_equal(opened, bytes, len);
        assert_true(f->longest < WIRE_RECORD_MAX);
        assert_in_range(json_count(f->documents), 1, 64); /* what a collector takes */
        json_free(f->documents);
        f->documents = json_new_list();
    }
}

static void the_record_says_what_was_gathered_and_for_which_key(void **state)
{
    struct fixture *f = *state;
    const struct json *custody;
    char key[2 * CRYPT_KEY_BYTES + 1];

    put(f, NOTE, (char[]){"x"}, 1);
    custody = json_get(part(f, 0), "custody");
    crypt_hex(f->public.bytes, sizeof(f->public.bytes), key);
    assert_string_equal(json_get_text(custody, "sealed_for", ""), key);
    assert_string_equal(json_get_text(custody, "sealed_by", ""), "lincoln-1");
    assert_string_equal(json_get_text(custody, "rule", ""), "test.one");
    assert_string_equal(json_get_text(custody, "of", ""), "device");
    assert_int_equal(json_get_number(custody, "frames", 0), 9);
    assert_int_equal(json_get_number(custody, "cut", 0), 8);
    assert_int_equal(json_get_number(custody, "no_room", 0), 7);
    assert_true(json_get_bool(custody, "begins_late", false));
    assert_false(json_get_bool(custody, "interrupted", true));
    assert_non_null(json_get(custody, "from"));
    assert_non_null(json_get(custody, "sealed_at"));
}

static void where_there_was_no_frame_that_is_what_is_told(void **state)
{
    struct fixture *f = *state;

    put(f, NOTE, NULL, 0);
    assert_int_equal(json_count(f->documents), 1);
    assert_string_equal(json_get_text(part(f, 0), "sealed", "?"), "");
    assert_hash(json_get(part(f, 0), "custody"), "sha256", "", 0);
    assert_int_equal(json_get_number(json_get(part(f, 0), "custody"), "bytes", 9), 0);
}

/* The note comes out of memory that a courier before this one may have left half. */
static void a_note_that_cannot_be_read_costs_no_more_than_itself(void **state)
{
    static const char *const notes[] = {"{\"rule\":", "[1]", "7", ""};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        put(f, notes[i], (char[]){"x"}, 1);
        assert_int_equal(json_count(f->documents), i + 1);
        assert_non_null(json_get(json_get(part(f, i), "custody"), "sha256"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(the_parts_together_open_to_the_file),
        WITH_FIXTURE(the_record_says_what_was_gathered_and_for_which_key),
        WITH_FIXTURE(where_there_was_no_frame_that_is_what_is_told),
        WITH_FIXTURE(a_note_that_cannot_be_read_costs_no_more_than_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
