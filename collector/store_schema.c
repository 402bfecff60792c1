/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times are microseconds since 1970, 0 where there is none; enums are their number; an id
 * that is none is NULL, text that is none is ''. Every key begins with the district, so
 * that the tables can be spread over machines by it.
 */
#include "collector/store_schema.h"

/* clang-format off */

#define META \
    "CREATE TABLE meta (" \
    "  district TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL," \
    "  PRIMARY KEY (district, name));"

#define AGENTS \
    "CREATE TABLE agents (" \
    "  id {serial}, district TEXT NOT NULL, name TEXT NOT NULL, site TEXT NOT NULL," \
    "  public_key TEXT NOT NULL, added BIGINT NOT NULL," \
    "  revoked BIGINT NOT NULL DEFAULT 0, heard BIGINT NOT NULL DEFAULT 0," \
    "  boot TEXT NOT NULL DEFAULT '', version TEXT NOT NULL DEFAULT ''," \
    "  bundle BIGINT NOT NULL DEFAULT 0, health TEXT NOT NULL DEFAULT ''," \
    "  health_at BIGINT NOT NULL DEFAULT 0, rejected BIGINT NOT NULL DEFAULT 0," \
    "  lost BIGINT NOT NULL DEFAULT 0, state BIGINT NOT NULL DEFAULT 0," \
    "  skew BIGINT NOT NULL DEFAULT 0, address TEXT NOT NULL DEFAULT ''," \
    "  UNIQUE (district, name), UNIQUE (district, public_key), {key});" \
    "CREATE TABLE cursors (" \
    "  district TEXT NOT NULL, agent TEXT NOT NULL, epoch BIGINT NOT NULL," \
    "  stream BIGINT NOT NULL, seq BIGINT NOT NULL, changed BIGINT NOT NULL," \
    "  PRIMARY KEY (district, agent, epoch, stream));" \
    "CREATE TABLE rejected (" \
    "  id {serial}, district TEXT NOT NULL, agent TEXT NOT NULL, epoch BIGINT NOT NULL," \
    "  stream BIGINT NOT NULL, seq BIGINT NOT NULL, arrived BIGINT NOT NULL," \
    "  why TEXT NOT NULL, bytes {bytes} NOT NULL," \
    "  UNIQUE (district, agent, epoch, stream, seq), {key});" \
    "CREATE TABLE losses (" \
    "  id {serial}, district TEXT NOT NULL, agent TEXT NOT NULL, epoch BIGINT NOT NULL," \
    "  stream BIGINT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL," \
    "  count BIGINT NOT NULL, reason TEXT NOT NULL, told BIGINT NOT NULL," \
    "  UNIQUE (district, agent, epoch, stream, first), {key});" \
    "CREATE TABLE records (" \
    "  district TEXT NOT NULL, agent TEXT NOT NULL, epoch BIGINT NOT NULL," \
    "  stream BIGINT NOT NULL, seq BIGINT NOT NULL, arrived BIGINT NOT NULL," \
    "  bytes {bytes} NOT NULL, PRIMARY KEY (district, agent, epoch, stream, seq));" \
    "CREATE TABLE notices (" \
    "  id {serial}, district TEXT NOT NULL, agent TEXT NOT NULL, kind BIGINT NOT NULL," \
    "  epoch BIGINT NOT NULL, at BIGINT NOT NULL, {key});"

#define INCIDENTS \
    "CREATE TABLE incidents (" \
    "  id {serial}, district TEXT NOT NULL, key TEXT NOT NULL, playbook TEXT NOT NULL," \
    "  rule TEXT NOT NULL, title TEXT NOT NULL, site TEXT NOT NULL," \
    "  segment TEXT NOT NULL, device TEXT NOT NULL, severity BIGINT NOT NULL," \
    "  owner BIGINT NOT NULL, state BIGINT NOT NULL DEFAULT 0," \
    "  disposition BIGINT NOT NULL DEFAULT 0, drill BIGINT NOT NULL," \
    "  reopened BIGINT NOT NULL DEFAULT 0, alerts BIGINT NOT NULL," \
    "  first BIGINT NOT NULL, last BIGINT NOT NULL, opened BIGINT NOT NULL," \
    "  heard BIGINT NOT NULL, closed BIGINT NOT NULL DEFAULT 0, {key});" \
    "CREATE INDEX incidents_key ON incidents (district, key, state);" \
    "CREATE INDEX incidents_state ON incidents (district, state, id);" \
    "CREATE INDEX incidents_rule ON incidents (district, rule);" \
    "CREATE TABLE incident_entries (" \
    "  id {serial}, district TEXT NOT NULL, incident BIGINT NOT NULL," \
    "  at BIGINT NOT NULL, who TEXT NOT NULL, was BIGINT NOT NULL," \
    "  became BIGINT NOT NULL, disposition BIGINT NOT NULL, text TEXT NOT NULL, {key}," \
    "  FOREIGN KEY (district, incident) REFERENCES incidents (district, id));" \
    "CREATE INDEX incident_entries_incident ON incident_entries (district, incident, id);"

/* ALERT_KINDS puts another in its place. */
#define ALERTS \
    "CREATE TABLE alerts (" \
    "  id {serial}, district TEXT NOT NULL, agent TEXT NOT NULL, epoch BIGINT NOT NULL," \
    "  seq BIGINT NOT NULL, at BIGINT NOT NULL, arrived BIGINT NOT NULL," \
    "  rule TEXT NOT NULL, title TEXT NOT NULL, severity BIGINT NOT NULL," \
    "  site TEXT NOT NULL, segment TEXT NOT NULL, device TEXT NOT NULL," \
    "  playbook TEXT NOT NULL, owner BIGINT NOT NULL, drill BIGINT NOT NULL," \
    "  summary BIGINT NOT NULL, repeats BIGINT NOT NULL, fate BIGINT NOT NULL DEFAULT 0," \
    "  incident BIGINT, document TEXT NOT NULL, {row_key}," \
    "  FOREIGN KEY (district, incident) REFERENCES incidents (district, id));" \
    "CREATE UNIQUE INDEX alerts_once ON alerts (district, agent, epoch, seq);" \
    "CREATE INDEX alerts_new ON alerts (district, id) WHERE fate = 0;" \
    "CREATE INDEX alerts_incident ON alerts (district, incident, id)" \
    "  WHERE incident IS NOT NULL;" \
    "CREATE INDEX alerts_rule ON alerts (district, rule, id);" \
    "CREATE INDEX alerts_site ON alerts (district, site, id);" \
    "CREATE INDEX alerts_device ON alerts (district, device, id) WHERE fate > 0;"

#define RUNS \
    "CREATE TABLE plans (" \
    "  district TEXT NOT NULL, digest TEXT NOT NULL, text TEXT NOT NULL," \
    "  PRIMARY KEY (district, digest));" \
    "CREATE TABLE runs (" \
    "  id {serial}, district TEXT NOT NULL, incident BIGINT NOT NULL, caller BIGINT," \
    "  caller_step TEXT NOT NULL, playbook TEXT NOT NULL, version BIGINT NOT NULL," \
    "  plan TEXT NOT NULL, state TEXT NOT NULL, status BIGINT NOT NULL DEFAULT 0," \
    "  drill BIGINT NOT NULL, holder TEXT NOT NULL DEFAULT ''," \
    "  held_until BIGINT NOT NULL DEFAULT 0, started BIGINT NOT NULL," \
    "  ended BIGINT NOT NULL DEFAULT 0, {key}," \
    "  FOREIGN KEY (district, incident) REFERENCES incidents (district, id)," \
    "  FOREIGN KEY (district, caller) REFERENCES runs (district, id)," \
    "  FOREIGN KEY (district, plan) REFERENCES plans (district, digest));" \
    "CREATE INDEX runs_incident ON runs (district, incident, id);" \
    "CREATE TABLE inputs (" \
    "  id {serial}, district TEXT NOT NULL, run BIGINT NOT NULL, kind BIGINT NOT NULL," \
    "  step TEXT NOT NULL, who TEXT NOT NULL, document TEXT NOT NULL," \
    "  at BIGINT NOT NULL, consumed BIGINT NOT NULL DEFAULT 0, {key}," \
    "  FOREIGN KEY (district, run) REFERENCES runs (district, id));" \
    "CREATE INDEX inputs_waiting ON inputs (district, run, id) WHERE consumed = 0;" \
    "CREATE TABLE timers (" \
    "  district TEXT NOT NULL, run BIGINT NOT NULL, step TEXT NOT NULL," \
    "  name TEXT NOT NULL, due BIGINT NOT NULL, PRIMARY KEY (district, run, step, name)," \
    "  FOREIGN KEY (district, run) REFERENCES runs (district, id));" \
    "CREATE INDEX timers_due ON timers (district, due);"

#define TASKS \
    "CREATE TABLE tasks (" \
    "  id {serial}, district TEXT NOT NULL, run BIGINT NOT NULL," \
    "  incident BIGINT NOT NULL, step TEXT NOT NULL, key TEXT NOT NULL," \
    "  kind BIGINT NOT NULL, role BIGINT NOT NULL, title TEXT NOT NULL," \
    "  detail TEXT NOT NULL, drill BIGINT NOT NULL, state BIGINT NOT NULL DEFAULT 0," \
    "  opened BIGINT NOT NULL, due BIGINT NOT NULL, taken_by TEXT NOT NULL DEFAULT ''," \
    "  taken BIGINT NOT NULL DEFAULT 0, answered_by TEXT NOT NULL DEFAULT ''," \
    "  answered BIGINT NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT ''," \
    "  UNIQUE (district, run, key), {key}," \
    "  FOREIGN KEY (district, run) REFERENCES runs (district, id)," \
    "  FOREIGN KEY (district, incident) REFERENCES incidents (district, id));" \
    "CREATE INDEX tasks_state ON tasks (district, state, due);" \
    "CREATE INDEX tasks_incident ON tasks (district, incident, id);"

#define WISHES \
    "CREATE TABLE wishes (" \
    "  id {serial}, district TEXT NOT NULL, run BIGINT NOT NULL," \
    "  incident BIGINT NOT NULL, step TEXT NOT NULL, action TEXT NOT NULL," \
    "  key TEXT NOT NULL, payload TEXT NOT NULL, drill BIGINT NOT NULL," \
    "  state BIGINT NOT NULL DEFAULT 0, attempts BIGINT NOT NULL DEFAULT 0," \
    "  made BIGINT NOT NULL, next_try BIGINT NOT NULL," \
    "  holder TEXT NOT NULL DEFAULT '', held_until BIGINT NOT NULL DEFAULT 0," \
    "  outcome TEXT NOT NULL DEFAULT '', UNIQUE (district, key), {key}," \
    "  FOREIGN KEY (district, run) REFERENCES runs (district, id)," \
    "  FOREIGN KEY (district, incident) REFERENCES incidents (district, id));" \
    "CREATE INDEX wishes_waiting ON wishes (district, next_try) WHERE state = 0;" \
    "CREATE INDEX wishes_incident ON wishes (district, incident, id);"

#define SILENCES \
    "CREATE TABLE silences (" \
    "  id {serial}, district TEXT NOT NULL, rule TEXT NOT NULL, site TEXT NOT NULL," \
    "  segment TEXT NOT NULL, device TEXT NOT NULL, owner TEXT NOT NULL," \
    "  why TEXT NOT NULL, begins BIGINT NOT NULL, until BIGINT NOT NULL," \
    "  ended BIGINT NOT NULL DEFAULT 0, hits BIGINT NOT NULL DEFAULT 0, {key});"

#define AUDIT \
    "CREATE TABLE audit (" \
    "  district TEXT NOT NULL, id BIGINT NOT NULL, at BIGINT NOT NULL," \
    "  who TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL," \
    "  detail TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (district, id));"

/* Of the district: nothing in them is of a device. The last counters of each agent are
 * what its next ones are held against. */
#define RULE_WEEKS \
    "CREATE TABLE rule_weeks (" \
    "  district TEXT NOT NULL, week BIGINT NOT NULL, rule TEXT NOT NULL," \
    "  mode BIGINT NOT NULL, matches BIGINT NOT NULL, alerts BIGINT NOT NULL," \
    "  repeats BIGINT NOT NULL, in_burst BIGINT NOT NULL, inhibited BIGINT NOT NULL," \
    "  PRIMARY KEY (district, week, rule));" \
    "CREATE TABLE rule_counters (" \
    "  district TEXT NOT NULL, agent TEXT NOT NULL, since TEXT NOT NULL," \
    "  counters TEXT NOT NULL, PRIMARY KEY (district, agent));"

/* What rules at the collector told: nothing in it names a device, its keys are digests. */
#define TOLD \
    "CREATE TABLE told (" \
    "  id {serial}, district TEXT NOT NULL, rule TEXT NOT NULL, key TEXT NOT NULL," \
    "  first BIGINT NOT NULL, cause BIGINT NOT NULL, summary BIGINT NOT NULL, {key});" \
    "CREATE INDEX told_key ON told (district, rule, key, first);" \
    "CREATE INDEX told_first ON told (district, first);"

/* What an agent gathered for an alert, sealed; its parts go before its row. */
#define EVIDENCE \
    "CREATE TABLE evidence (" \
    "  id {serial}, district TEXT NOT NULL, agent TEXT NOT NULL, name TEXT NOT NULL," \
    "  parts BIGINT NOT NULL DEFAULT 0, have BIGINT NOT NULL DEFAULT 0," \
    "  bytes BIGINT NOT NULL DEFAULT 0, custody TEXT NOT NULL DEFAULT ''," \
    "  arrived BIGINT NOT NULL, alert BIGINT, expired BIGINT NOT NULL DEFAULT 0," \
    "  UNIQUE (district, agent, name), {key});" \
    "CREATE INDEX evidence_alert ON evidence (district, alert) WHERE alert IS NOT NULL;" \
    "CREATE INDEX evidence_kept ON evidence (district, arrived) WHERE have > 0;" \
    "CREATE TABLE evidence_parts (" \
    "  district TEXT NOT NULL, evidence BIGINT NOT NULL, part BIGINT NOT NULL," \
    "  sealed TEXT NOT NULL, PRIMARY KEY (district, evidence, part)," \
    "  FOREIGN KEY (district, evidence) REFERENCES evidence (district, id));"

/* What happened to it here; held: until when nobody deletes it, 0 for not. */
#define CUSTODY \
    "ALTER TABLE evidence ADD COLUMN held BIGINT NOT NULL DEFAULT 0;" \
    "CREATE TABLE evidence_custody (" \
    "  id {serial}, district TEXT NOT NULL, evidence BIGINT NOT NULL," \
    "  at BIGINT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, why TEXT NOT NULL," \
    "  {key}, FOREIGN KEY (district, evidence) REFERENCES evidence (district, id));" \
    "CREATE INDEX evidence_custody_of ON evidence_custody (district, evidence, id);"

/*
 * Alerts as they stand now. One index over kinds, which store_kind.h explains, answers
 * what those over rules and sites did, and severities and owners as well; kinds are few,
 * so it grows in few places. Devices are many, and an index that grows everywhere halves
 * what an intake can store: so an alert comes into theirs when the engine settles it. What
 * is settled is known from the id up to which it is, which stands in meta. A foreign key
 * that is looked at in the end lets SQLite change a row without a copy of each page.
 */
#define ALERT_KINDS \
    "CREATE TABLE alert_kinds (" \
    "  id {serial}, district TEXT NOT NULL, rule TEXT NOT NULL, severity BIGINT NOT NULL," \
    "  site TEXT NOT NULL, owner BIGINT NOT NULL, playbook TEXT NOT NULL," \
    "  drill BIGINT NOT NULL, {key}," \
    "  UNIQUE (district, rule, severity, site, owner, playbook, drill));" \
    "INSERT INTO alert_kinds (district, rule, severity, site, owner, playbook, drill)" \
    "  SELECT DISTINCT district, rule, severity, site, owner, playbook, drill FROM alerts;" \
    "INSERT INTO meta (district, name, value)" \
    "  SELECT district, 'settled', CAST(MIN(id) - 1 AS TEXT) FROM alerts" \
    "  WHERE fate = 0 GROUP BY district;" \
    "INSERT INTO meta (district, name, value)" \
    "  SELECT district, 'settled', CAST(MAX(id) AS TEXT) FROM alerts WHERE fate > 0" \
    "  GROUP BY district ON CONFLICT (district, name) DO NOTHING;" \
    "DROP INDEX alerts_once; DROP INDEX alerts_new; DROP INDEX alerts_incident;" \
    "DROP INDEX alerts_rule; DROP INDEX alerts_site; DROP INDEX alerts_device;" \
    "ALTER TABLE alerts RENAME TO alerts_before;" \
    "CREATE TABLE alerts (" \
    "  id {serial}, district TEXT NOT NULL, agent TEXT NOT NULL, epoch BIGINT NOT NULL," \
    "  seq BIGINT NOT NULL, at BIGINT NOT NULL, arrived BIGINT NOT NULL," \
    "  rule TEXT NOT NULL, title TEXT NOT NULL, severity BIGINT NOT NULL," \
    "  site TEXT NOT NULL, segment TEXT NOT NULL, device TEXT NOT NULL," \
    "  playbook TEXT NOT NULL, owner BIGINT NOT NULL, drill BIGINT NOT NULL," \
    "  summary BIGINT NOT NULL, repeats BIGINT NOT NULL, kind BIGINT NOT NULL DEFAULT 0," \
    "  fate BIGINT NOT NULL DEFAULT 0, incident BIGINT, document TEXT NOT NULL, {row_key}," \
    "  FOREIGN KEY (district, incident) REFERENCES incidents (district, id)" \
    "  DEFERRABLE INITIALLY DEFERRED);" \
    "INSERT INTO alerts (id, district, agent, epoch, seq, at, arrived, rule, title," \
    "  severity, site, segment, device, playbook, owner, drill, summary, repeats, kind," \
    "  fate, incident, document) SELECT a.id, a.district, a.agent, a.epoch, a.seq, a.at," \
    "  a.arrived, a.rule, a.title, a.severity, a.site, a.segment, a.device, a.playbook," \
    "  a.owner, a.drill, a.summary, a.repeats, k.id, a.fate, a.incident, a.document" \
    "  FROM alerts_before a JOIN alert_kinds k ON k.district = a.district" \
    "  AND k.rule = a.rule AND k.severity = a.severity AND k.site = a.site" \
    "  AND k.owner = a.owner AND k.playbook = a.playbook AND k.drill = a.drill" \
    "  ORDER BY a.id;" \
    "DROP TABLE alerts_before;" \
    "CREATE UNIQUE INDEX alerts_once ON alerts (district, agent, epoch, seq);" \
    "CREATE INDEX alerts_kind ON alerts (kind, id);" \
    "CREATE INDEX alerts_incident ON alerts (district, incident, id)" \
    "  WHERE incident IS NOT NULL;" \
    "CREATE INDEX alerts_device ON alerts (district, device, id) WHERE fate > 0;"
/* A step's hold is of its incident: what joins it later is held as well. What goes and
 * what is held are each found, and added up, in an index of their own. */
#define FREEZES \
    "CREATE TABLE freezes (" \
    "  district TEXT NOT NULL, name TEXT NOT NULL, incident BIGINT NOT NULL," \
    "  who TEXT NOT NULL, why TEXT NOT NULL, until BIGINT NOT NULL," \
    "  PRIMARY KEY (district, name)," \
    "  FOREIGN KEY (district, incident) REFERENCES incidents (district, id));" \
    "CREATE INDEX freezes_incident ON freezes (district, incident, until);" \
    "DROP INDEX evidence_kept;" \
    "CREATE INDEX evidence_kept ON evidence (district, arrived, id, held, alert, bytes)" \
    "  WHERE expired = 0 AND have > 0;" \
    "CREATE INDEX evidence_held ON evidence (district, held, bytes) WHERE have > 0;"

/* asked: enum evidence_asked; 1 and 2 are open. */
#define ASKS \
    "ALTER TABLE evidence ADD COLUMN asked BIGINT NOT NULL DEFAULT 0;" \
    "CREATE INDEX evidence_asked ON evidence (district, asked) WHERE asked IN (1, 2);" \
    "CREATE TABLE evidence_asks (" \
    "  id {serial}, district TEXT NOT NULL, evidence BIGINT NOT NULL," \
    "  incident BIGINT NOT NULL, agent TEXT NOT NULL, name TEXT NOT NULL," \
    "  who TEXT NOT NULL, why TEXT NOT NULL, device TEXT NOT NULL," \
    "  before BIGINT NOT NULL, length BIGINT NOT NULL, snaplen BIGINT NOT NULL," \
    "  most BIGINT NOT NULL, made BIGINT NOT NULL, until BIGINT NOT NULL," \
    "  answered BIGINT NOT NULL DEFAULT 0, UNIQUE (district, evidence), {key}," \
    "  FOREIGN KEY (district, evidence) REFERENCES evidence (district, id)," \
    "  FOREIGN KEY (district, incident) REFERENCES incidents (district, id));"

/* covers: 1 << role, of those who act first. Whoever made one before may not have been
 * somebody who may silence more than the network's and security's own. */
#define SILENCE_COVERS \
    "ALTER TABLE silences ADD COLUMN covers BIGINT NOT NULL DEFAULT 3;"

/* Of what stays for good, the few that /metrics counts. */
#define UNDER_WAY \
    "CREATE INDEX runs_active ON runs (district, started) WHERE status = 0;" \
    "CREATE INDEX wishes_failed ON wishes (district, made) WHERE state = 2;"

/* Of an agent's notices those of epochs; 2 is NOTICE_EPOCH. */
#define EPOCHS \
    "CREATE INDEX notices_epoch ON notices (district, agent, id, epoch) WHERE kind = 2;"

/* clang-format on */

const struct store_migration store_migrations[] = {
    {"the first tables", META AGENTS INCIDENTS ALERTS RUNS TASKS WISHES SILENCES AUDIT},
    {"how often rules are met, by week", RULE_WEEKS},
    {"what rules at the collector told", TOLD},
    {"evidence", EVIDENCE},
    {"what happened to evidence, and holds", CUSTODY},
    {"kinds of alerts", ALERT_KINDS},
    {"holds of incidents by steps", FREEZES},
    {"evidence that people ask for", ASKS},
    {"whose alerts a silence covers", SILENCE_COVERS},
    {"what is under way, and what failed", UNDER_WAY},
    {"the spools that agents began", EPOCHS},
};
const size_t store_migration_count = sizeof(store_migrations) / sizeof(*store_migrations);
