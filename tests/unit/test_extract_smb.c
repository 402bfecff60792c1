/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "talking.h"

#define SMB (&extract_smb)

struct message {
    uint8_t bytes[256];
    size_t len;
};

static void put(struct message *m, const void *bytes, size_t len)
{
    assert_true(m->len + len <= sizeof(m->bytes));
    memcpy(m->bytes + m->len, bytes, len);
    m->len += len;
}

static void put_le(struct message *m, uint32_t number, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)(number >> 8 * i);

        put(m, &byte, 1);
    }
}

static struct message smb2(uint16_t command, uint32_t status)
{
    struct message m = {.len = 4};

    put(&m, "\xfeSMB\x40\0\0\0", 8);
    put_le(&m, status, 4);
    put_le(&m, command, 2);
    m.len = 4 + 64;
    return m;
}

static struct message smb1(uint8_t command, uint32_t status)
{
    struct message m = {.len = 4};

    put(&m, "\xffSMB", 4);
    put_le(&m, command, 1);
    put_le(&m, status, 4);
    m.len = 4 + 32;
    return m;
}

static enum extract_result hear(struct heard *h, bool from_client, struct message *m)
{
    m->bytes[3] = (uint8_t)(m->len - 4);
    h->from_client = from_client;
    h->count = 0;
    return heard_read(h, SMB, m->bytes, m->len);
}

static void a_client_offers_the_highest_of_its_versions(void **state)
{
    struct heard *h = *state;
    struct message m = smb2(0, 0);

    put_le(&m, 36, 2);
    put_le(&m, 3, 2);
    m.len += 32;
    put_le(&m, 0x0202, 2);
    put_le(&m, 0x0311, 2);
    put_le(&m, 0x0210, 2);
    assert_int_equal(hear(h, true, &m), EXTRACT_NEXT);
    assert_says(h, FIELD_SMB_VERSION, "\"3.1.1\"");
    assert_says(h, FIELD_SMB_SIDE, "\"client\"");

    m = smb1(0x72, 0);
    put(&m, "\0\x1a\0\x02NT LM 0.12\0\x02SMB 2.???\0", 26);
    assert_int_equal(hear(h, true, &m), EXTRACT_NEXT);
    assert_says(h, FIELD_SMB_VERSION, "\"2\"");
    m = smb1(0x72, 0);
    put(&m, "\0\x0c\0\x02NT LM 0.12\0", 15);
    assert_int_equal(hear(h, true, &m), EXTRACT_NEXT);
    assert_says(h, FIELD_SMB_VERSION, "\"1\"");
}

static void a_server_chooses_one(void **state)
{
    struct heard *h = *state;
    struct message m = smb2(0, 0);

    put_le(&m, 65, 2);
    put_le(&m, 1, 2);
    put_le(&m, 0x0302, 2);
    assert_int_equal(hear(h, false, &m), EXTRACT_NEXT);
    assert_says(h, FIELD_SMB_VERSION, "\"3.0.2\"");
    assert_says(h, FIELD_SMB_SIDE, "\"server\"");

    m = smb1(0x72, 0);
    put_le(&m, 17, 1);
    put_le(&m, 5, 2);
    assert_int_equal(hear(h, false, &m), EXTRACT_OTHER); /* SMB 1 from here on */
    assert_says(h, FIELD_SMB_VERSION, "\"1\"");
    m = smb1(0x72, 0);
    put_le(&m, 1, 1);
    put_le(&m, 0xffff, 2);
    hear(h, false, &m);
    assert_int_equal(h->count, 0);
}

static struct message setup_2(uint32_t status, uint16_t flags)
{
    struct message m = smb2(1, status);

    put_le(&m, 9, 2);
    put_le(&m, flags, 2);
    return m;
}

static void the_servers_status_tells_of_the_login(void **state)
{
    struct heard *h = *state;
    struct message more = setup_2(0xc0000016, 0), wrong = setup_2(0xc000006d, 0),
                   good = setup_2(0, 0), guest = setup_2(0, 1);

    assert_int_equal(hear(h, false, &more), EXTRACT_NEXT);
    assert_int_equal(h->count, 0);
    assert_int_equal(hear(h, false, &wrong), EXTRACT_NEXT);
    assert_login(h, "smb", "refused", "challenge", false);
    assert_int_equal(hear(h, false, &good), EXTRACT_DONE);
    assert_login(h, "smb", "accepted", "challenge", false);
    h->talk = (struct talk){0};
    assert_int_equal(hear(h, false, &guest), EXTRACT_DONE);
    assert_login(h, "smb", "accepted", "anonymous", false);
}

static void so_it_does_in_smb_1(void **state)
{
    struct heard *h = *state;
    struct message wrong = smb1(0x73, 0xc000006d), guest = smb1(0x73, 0);

    h->talk = (struct talk){0};
    assert_int_equal(hear(h, false, &wrong), EXTRACT_NEXT);
    assert_login(h, "smb", "refused", "challenge", false);
    put(&guest, "\x03\xff\0\0\0\x01\0", 7);
    assert_int_equal(hear(h, false, &guest), EXTRACT_DONE);
    assert_login(h, "smb", "accepted", "anonymous", false);
}

static void only_the_first_bytes_of_a_long_message_are_waited_for(void **state)
{
    uint8_t bytes[4 + 512] = {0, 1, 0, 0, 0xfe, 'S', 'M', 'B', 64};
    struct heard *h = *state;

    h->talk = (struct talk){0};
    h->from_client = true;
    bytes[4 + 12] = 5; /* create */
    assert_int_equal(heard_read(h, SMB, bytes, sizeof(bytes) - 1), EXTRACT_MORE);
    assert_int_equal(heard_read(h, SMB, bytes, sizeof(bytes)), EXTRACT_NEXT);
    assert_int_equal(h->skip, 65536 - 512);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_HEARD(a_client_offers_the_highest_of_its_versions),
        WITH_HEARD(a_server_chooses_one),
        WITH_HEARD(the_servers_status_tells_of_the_login),
        WITH_HEARD(so_it_does_in_smb_1),
        WITH_HEARD(only_the_first_bytes_of_a_long_message_are_waited_for),
    };

    return cmocka_run_group_tests_name("extract_smb", tests, NULL, NULL);
}
