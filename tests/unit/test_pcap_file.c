/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/pcap_file.h"
#include "auto.h"
#include "frames.h"
#include "mem.h"

#define AT       (UINT64_C(1767258000) * USEC_PER_SEC + 123456)
#define LINK_RAW 101

static struct frame datagram(struct built *b, uint32_t payload, usec_t after)
{
    struct frame f;

    b->len = 0;
    frame_ethernet(b, 0x0800);
    frame_ipv4(b, 17, 8 + payload, 0);
    frame_udp(b, payload);
    f = frame_of(b, LINK_ETHERNET);
    f.time = AT + after;
    return f;
}

/* Two datagrams, of the second only its headers. */
static void write_two(struct buffer *to)
{
    struct built b;
    struct frame f = datagram(&b, 100, 0);

    pcap_file_begin(to, LINK_ETHERNET, f.len);
    pcap_file_add(to, &f);
    f = datagram(&b, 1000, 1500000);
    f.len = 14 + 20 + 8;
    pcap_file_add(to, &f);
}

static void libpcap_reads_what_was_written(void **state)
{
    auto_buffer struct buffer file = {0};
    char error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *head;
    const u_char *bytes;
    struct built b;
    struct frame f = datagram(&b, 100, 0);
    pcap_t *p;

    (void)state;
    write_two(&file);
    p = pcap_fopen_offline(fmemopen(file.at, file.len, "rb"), error);
    assert_non_null(p);
    assert_int_equal(pcap_datalink(p), DLT_EN10MB);
    assert_int_equal(pcap_next_ex(p, &head, &bytes), 1);
    assert_int_equal(head->ts.tv_sec, AT / USEC_PER_SEC);
    assert_int_equal(head->ts.tv_usec, 123456);
    assert_int_equal(head->caplen, f.len);
    assert_memory_equal(bytes, f.bytes, f.len);
    assert_int_equal(pcap_next_ex(p, &head, &bytes), 1);
    assert_int_equal(head->ts.tv_sec, AT / USEC_PER_SEC + 1);
    assert_int_equal(head->caplen, 42);
    assert_int_equal(head->len, 1042);
    assert_int_equal(pcap_next_ex(p, &head, &bytes), PCAP_ERROR_BREAK);
    pcap_close(p);
}

static void a_link_without_ethernet_is_read_as_what_it_is(void **state)
{
    auto_buffer struct buffer file = {0};
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *p;

    (void)state;
    pcap_file_begin(&file, LINK_RAW, 65535);
    p = pcap_fopen_offline(fmemopen(file.at, file.len, "rb"), error);
    assert_non_null(p);
    assert_int_equal(pcap_datalink(p), DLT_RAW);
    pcap_close(p);
}

static void a_record_has_the_length_that_is_promised(void **state)
{
    auto_buffer struct buffer file = {0};

    (void)state;
    write_two(&file);
    assert_int_equal(file.len, PCAP_FILE_HEADER + 2 * PCAP_FILE_RECORD + 142 + 42);
}

static void tshark_reads_what_was_written(void **state)
{
    auto_buffer struct buffer file = {0};
    char path[] = "/tmp/pcap-file-XXXXXX", line[128] = "";
    int fd = mkstemp(path);
    auto_free char *command =
        xasprintf("tshark -n -r %s -T fields -e frame.time_epoch -e frame.cap_len -e "
                  "frame.len -e udp.dstport 2>/dev/null",
                  path);
    FILE *out;

    (void)state;
    if (access("/usr/bin/tshark", X_OK) != 0)
        skip();
    write_two(&file);
    assert_int_equal(write(fd, file.at, file.len), file.len);
    close(fd);
    out = popen(command, "r");
    assert_non_null(fgets(line, sizeof(line), out));
    assert_string_equal(line, "1767258000.123456000\t142\t142\t53\n");
    assert_non_null(fgets(line, sizeof(line), out));
    assert_string_equal(line, "1767258001.623456000\t42\t1042\t53\n");
    assert_null(fgets(line, sizeof(line), out));
    assert_int_equal(pclose(out), 0);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libpcap_reads_what_was_written),
        cmocka_unit_test(a_link_without_ethernet_is_read_as_what_it_is),
        cmocka_unit_test(a_record_has_the_length_that_is_promised),
        cmocka_unit_test(tshark_reads_what_was_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
