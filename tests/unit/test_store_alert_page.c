/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of alerts against a walk through all of them, however they are found. */
#include "store_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "collector/store_alert.h"
#include "collector/store_kind.h"
#include "collector/store_schema.h"
#include "collector/store_sql.h"

#define ALERTS 5000 /* more than are looked through before kinds are asked */

static const char *const rules[] = {"net.a", "net.b", "sec.c", "safe.rare"};
static const char *const sites[] = {"lincoln", "lakeside", "hillside"};

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 16;
}

/* The rarest are so rare that the newest ones do not fill a page. */
static struct store_alert one_of_many(uint64_t seq)
{
    unsigned seed = (unsigned)seq;
    struct store_alert a = an_alert(seq);

    next_random(&seed);
    a.arrived = START + seq * USEC_PER_SEC;
    a.rule = rules[next_random(&seed) % 500 == 0 ? 3 : next_random(&seed) % 3];
    a.site = sites[next_random(&seed) % 3];
    a.severity =
        next_random(&seed) % 200 == 0 ? SEVERITY_CRITICAL : next_random(&seed) % 4;
    a.owner = next_random(&seed) % 300 == 0 ? ROLE_EXAMS_OFFICER : ROLE_SECURITY;
    a.playbook = next_random(&seed) % 2 ? "one" : "two";
    a.drill = next_random(&seed) % 100 == 0;
    a.device = next_random(&seed) % 50 == 0 ? "SOME" : "OTHER";
    return a;
}

/* Of the last ones the engine has not heard yet. */
static void put_many(struct fixture *f)
{
    begin(f);
    for (uint64_t seq = 1; seq <= ALERTS; seq++) {
        struct store_alert a = one_of_many(seq);

        assert_int_equal(store_alert_put(f->s, &a), 0);
    }
    for (int64_t id = 1; id <= ALERTS - 100; id++)
        assert_int_equal(store_alert_settle(f->s, id, ALERT_ALONE, 0), 0);
    assert_int_equal(store_alert_settled_to(f->s, ALERTS - 100), 0);
    commit(f);
}

static bool is(const char *asked, const char *value)
{
    return !asked || strcmp(asked, value) == 0;
}

static bool fits(const struct store_alert *a, const struct store_alert_filter *f)
{
    return is(f->rule, a->rule) && is(f->site, a->site) && is(f->device, a->device) &&
           is(f->playbook, a->playbook) && a->severity >= f->least &&
           a->arrived >= f->since && (!f->until || a->arrived < f->until) &&
           (!f->owners || f->owners >> a->owner & 1) &&
           !(f->leave_out_drills && a->drill);
}

struct walk {
    const struct store_alert_filter *f;
    uint64_t next; /* sequence number to begin the search for the expected one at */
    size_t rows;
    int64_t last;
};

/* Each row is the next one, going down, that fits. */
static void see(const struct store_alert *a, void *arg)
{
    struct walk *w = arg;

    for (; w->next > 0; w->next--) {
        struct store_alert expected = one_of_many(w->next);

        if (fits(&expected, w->f))
            break;
    }
    assert_int_equal(a->seq, w->next);
    w->next--;
    w->rows++;
    w->last = a->id;
}

static void walk_all(struct fixture *f, struct store_alert_filter filter)
{
    struct walk w = {.f = &filter, .next = ALERTS};
    size_t expected = 0, before;

    for (uint64_t seq = 1; seq <= ALERTS; seq++) {
        struct store_alert a = one_of_many(seq);

        expected += fits(&a, &filter);
    }
    do {
        before = w.rows;
        assert_int_equal(store_alert_each(f->s, &filter, see, &w), 0);
        filter.before = w.last;
    } while (w.rows - before == filter.limit);
    assert_int_equal(w.rows, expected);
}

static void walk_through_filters(struct fixture *f)
{
    const struct store_alert_filter filters[] = {
        {.limit = 700},
        {.rule = "net.b", .limit = 300},
        {.rule = "safe.rare", .limit = 3},
        {.rule = "none", .limit = 3},
        {.site = "lakeside", .limit = 500},
        {.least = SEVERITY_CRITICAL, .limit = 4},
        {.owners = 1u << ROLE_EXAMS_OFFICER, .limit = 5},
        {.owners = 1u << ROLE_EXAMS_OFFICER, .site = "hillside", .limit = 2},
        {.owners = ~UINT32_C(0), .limit = 1000},
        {.playbook = "two", .least = SEVERITY_CRITICAL, .limit = 6},
        {.leave_out_drills = true, .limit = 900},
        {.since = START + 4000 * USEC_PER_SEC, .limit = 400},
        {.until = START + 1000 * USEC_PER_SEC, .limit = 400},
        {.rule = "safe.rare",
         .since = START + 500 * USEC_PER_SEC,
         .until = START + 2500 * USEC_PER_SEC,
         .limit = 2},
        {.device = "SOME", .limit = 20},
        {.device = "SOME", .rule = "net.a", .since = START + USEC_PER_HOUR, .limit = 9},
    };

    for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++)
        walk_all(f, filters[i]);
}

static void every_page_holds_what_a_walk_through_all_would_find(void **state)
{
    struct fixture *f = *state;

    put_many(f);
    walk_through_filters(f);
}

static void count_one(const struct store_alert *a, void *arg)
{
    (void)a;
    ++*(size_t *)arg;
}

/* With each of the rare ones in turn as the last that is not among the newest. */
static void none_is_left_out_where_the_newest_end(void **state)
{
    struct store_alert_filter f = {.least = SEVERITY_CRITICAL, .limit = 1000};
    size_t rare = 0;

    put_many(*state);
    for (uint64_t seq = 1; seq + 2000 <= ALERTS; seq++) {
        struct store_alert a = one_of_many(seq);
        size_t expected = 0, rows = 0;

        if (a.severity != SEVERITY_CRITICAL)
            continue;
        rare++;
        f.before = (int64_t)seq + 2000;
        for (uint64_t below = 1; below < seq + 2000; below++)
            expected += one_of_many(below).severity == SEVERITY_CRITICAL;
        assert_int_equal(
            store_alert_each(((struct fixture *)*state)->s, &f, count_one, &rows), 0);
        assert_int_equal(rows, expected);
    }
    assert_true(rare > 5);
}

static void an_alert_without_a_kind_is_found_as_well(void **state)
{
    struct fixture *f = *state;
    struct store *s = f->s;

    put_many(f);
    begin(f);
    sql_do(s, "UPDATE alerts SET kind = 0 WHERE district = $1 AND id % 3 = $2", OUR,
           NUM(1));
    commit(f);
    walk_through_filters(f);
}

static int64_t number(struct fixture *f, const char *sql)
{
    struct store *s = f->s;
    int64_t n = -1;

    assert_int_equal(sql_number(s, &n, sql, OUR), 0);
    return n;
}

static void put(struct fixture *f, uint64_t seq)
{
    struct store_alert a = one_of_many(seq);

    assert_int_equal(store_alert_put(f->s, &a), 0);
}

static void a_kind_that_was_undone_is_made_again(void **state)
{
    struct fixture *f = *state;

    begin(f);
    put(f, 1);
    store_rollback(f->s);
    begin(f);
    put(f, 2);
    put(f, 1);
    commit(f);
    assert_int_equal(number(f, "SELECT COUNT(*) FROM alerts a JOIN alert_kinds k"
                               " ON k.id = a.kind AND k.rule = a.rule"
                               " WHERE a.district = $1"),
                     2);
}

static void alerts_of_one_kind_share_it(void **state)
{
    struct fixture *f = *state;

    put_many(f);
    assert_true(number(f, "SELECT COUNT(*) FROM alert_kinds WHERE district = $1") < 300);
    assert_int_equal(
        number(f, "SELECT COUNT(*) FROM alerts WHERE district = $1 AND kind = 0"), 0);
}

/* ---- the engine's part ---- */

static void an_incident_that_is_not_there_is_refused_in_the_end(void **state)
{
    struct fixture *f = *state;

    begin(f);
    put(f, 1);
    commit(f);
    begin(f);
    (void)store_alert_settle(f->s, 1, ALERT_JOINED, 4711);
    assert_int_equal(store_commit(f->s), -EEXIST);
    assert_int_equal(
        number(f, "SELECT COUNT(*) FROM alerts WHERE district = $1 AND fate = 0"), 1);
}

/* ---- stores from before kinds ---- */

#define BEFORE_KINDS 5

static void put_before(struct fixture *f, uint64_t seq)
{
    struct store *s = f->s;
    struct store_alert a = one_of_many(seq);

    assert_int_equal(
        sql_do(
            s,
            "INSERT INTO alerts (district, agent, epoch, seq, at, arrived, rule, title,"
            " severity, site, segment, device, playbook, owner, drill, summary,"
            " repeats, fate, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
            " $11, $12, $13, $14, $15, $16, $17, $18, $19)",
            OUR, STR(a.agent), NUM(a.epoch), NUM(seq), TIME(a.at), TIME(a.arrived),
            STR(a.rule), STR(a.title), NUM(a.severity), STR(a.site), STR(a.segment),
            STR(a.device), STR(a.playbook), NUM(a.owner), NUM(a.drill), NUM(0), NUM(0),
            NUM(seq <= ALERTS - 100 ? ALERT_ALONE : ALERT_NEW), STR(a.document)),
        0);
}

static struct store *open_before_kinds(struct fixture *f)
{
    struct store *s = xcalloc(1, sizeof(*s));

    s->driver = &store_sqlite;
    s->district = xstrdup(f->settings.district);
    s->clock = f->settings.clock;
    s->clock_arg = f->settings.clock_arg;
    assert_int_equal(s->driver->open(&f->settings, &s->db, NULL), 0);
    assert_int_equal(store_migrate(s, &f->settings, store_migrations, BEFORE_KINDS), 0);
    return s;
}

static void an_old_store_keeps_its_alerts(void **state)
{
    struct fixture *f = *state;
    size_t left = 0;
    int64_t settled = 0;

    store_close(f->s);
    remove_all(f->folder);
    assert_int_equal(mkdir(f->folder, 0700), 0);
    f->s = open_before_kinds(f);
    begin(f);
    for (uint64_t seq = 1; seq <= ALERTS; seq++)
        put_before(f, seq);
    commit(f);
    store_close(f->s);

    f->s = open_place(f);
    walk_through_filters(f);
    assert_int_equal(store_alert_settled(f->s, &settled), 0);
    assert_int_equal(settled, ALERTS - 100);
    assert_int_equal(store_alert_each_new(f->s, 1000, count_one, &left), 0);
    assert_int_equal(left, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(every_page_holds_what_a_walk_through_all_would_find),
        WITH_FIXTURE(none_is_left_out_where_the_newest_end),
        WITH_FIXTURE(an_alert_without_a_kind_is_found_as_well),
        WITH_FIXTURE(a_kind_that_was_undone_is_made_again),
        WITH_FIXTURE(alerts_of_one_kind_share_it),
        WITH_FIXTURE(an_incident_that_is_not_there_is_refused_in_the_end),
        WITH_FIXTURE(an_old_store_keeps_its_alerts),
    };

    return cmocka_run_group_tests_name("store_alert_page", tests, NULL, NULL);
}
