/* SPDX-License-Identifier: Apache-2.0 */
#include "diag_codes.h"

#include <strings.h>

/* In order. A code that is printed anywhere has its row here. */
static const struct diag_code codes[] = {
    {"E0101", "the file is not valid YAML",
     "The reader stopped at the place shown, so nothing behind it was looked at.\n"
     "Most often a quote is not closed, a line is indented wrongly, or text that\n"
     "holds \": \", \"[\" or \"{\" is not quoted. Correct it and check again: more\n"
     "faults may show."},
    {"E0102", "a file or folder cannot be read",
     "It is not there, this user may not read it, or a folder holds no file that\n"
     "ends in .yaml."},
    {"E0103", "unknown key",
     "The word before the colon is not one that can stand at this place. Most are\n"
     "typing errors, and the nearest right word is shown. Keys that are not known\n"
     "are never ignored, because a rule without its exceptions would be another\n"
     "rule."},
    {"E0104", "a key is missing",
     "Something that is required at this place is not there."},
    {"E0105", "another kind of value was expected",
     "Text, a list [a, b] or a map {key: value} stands where another of the three\n"
     "is needed."},
    {"E0106", "too large or too deep",
     "A file has at most 16 MiB, and lists and maps stand at most 32 deep in each\n"
     "other."},
    {"E0107", "a key stands twice",
     "YAML programs keep one of the two without a word, and not always the same\n"
     "one. Take one of them out."},
    {"E0108", "anchors, aliases and tags are not used here",
     "Marks like &name, *name and !name make a file that cannot be read line by\n"
     "line. Text that begins with one of these signs must be quoted."},
    {"E0109", "a second document begins",
     "A line with --- starts another document in the same file. Put it into a file\n"
     "of its own."},
    {"E0110", "a key or text that cannot be used",
     "A key must be plain text, and text holds no zero byte."},
    {"E0111", "the expression cannot be read",
     "A condition is a field, an operator and a value: dst.port == 22. Conditions\n"
     "are joined with and, or, not and parentheses. Text stands in double quotes,\n"
     "several values in [ ], a list is written $name. Reading stops at the first\n"
     "such fault of an expression."},
    {"E0112", "an expression is folded with >",
     "YAML joins the lines of a folded text, so a fault in it could not be shown\n"
     "at its place. Write the expression in one line, or after a | with its lines\n"
     "below."},
    {"E0113", "another version of the file format",
     "This program reads schema: 1. Under requires:, versions are written \">=0.1\"."},
    {"E0114", "a name stands twice",
     "Rules, lists, macros and schedules have names of their own over all files\n"
     "together. The place of the other one is shown."},
    {"E0115", "this cannot be a name",
     "Names have small letters, digits, _ and -, and begin with a letter. The id\n"
     "of a rule has a dot in it: its part before the dot is the family, as in\n"
     "network.port-scan."},
    {"E0116", "not JSON",
     "`rules explain` reads JSON documents: one alone, or one in each line."},
    {"E0202", "unknown word",
     "The value is not one of the words that can stand here. What is known is\n"
     "shown."},
    {"E0203", "not a whole number",
     "The message says what is meant, and what to write instead."},
    {"E0204", "a number is out of range",
     "The message says what is meant, and what to write instead."},
    {"E0205", "not true or false",
     "The message says what is meant, and what to write instead."},
    {"E0206", "not a duration", "A whole number and a unit: 500ms, 30s, 5m, 2h, 7d."},
    {"E0207", "not a time",
     "A day, 2026-09-01, or a moment, 2026-09-01T07:30:00Z or with an offset like\n"
     "-06:00."},
    {"E0208", "not a size",
     "A whole number, with a unit or without: 1500, 64kB, 2MiB, 1GiB."},
    {"E0209", "unknown rule", "No rule of the files that were read has this id."},
    {"E0210", "unknown field",
     "No event has a field of this name. `hallwatch rules fields` lists them all.\n"
     "Text that is meant as text must stand in double quotes."},
    {"E0211", "unknown macro",
     "A word that stands alone is a macro, and none of this name is under macros:\n"
     "in any file. A field needs an operator and a value behind it; one that is\n"
     "true or false is asked with == true."},
    {"E0212", "a macro or rule is made of itself",
     "Following the macros from here leads back to here."},
    {"E0213", "no watched event has this field",
     "The field exists, but none of the kinds of event under watch: can have it,\n"
     "so the condition could never hold. Watch another kind, or ask another field.\n"
     "`hallwatch rules fields NAME` shows who has it."},
    {"E0214", "unknown word of a vocabulary",
     "Protocols, categories, risks and their like have fixed names of our own,\n"
     "which stay the same when nDPI changes. `hallwatch rules fields NAME` lists\n"
     "those of a field."},
    {"E0215", "the operator does not fit the field",
     "Numbers are compared, texts are searched, host names are asked with under,\n"
     "sets with any_of and all_of. What fits is shown."},
    {"E0216", "the value does not fit",
     "The value is not of the field's type, or there are several where one is\n"
     "needed. Numbers and addresses stand without quotes, texts and host names in\n"
     "double quotes. In a network, the bits behind its length must be zero:\n"
     "10.1.0.0/16."},
    {"E0217", "a total would be added up more than once",
     "flow_active tells of a conversation that goes on, and its flow.bytes, packets and\n"
     "duration count from the start each time. A window adds up what is new instead:\n"
     "flow.delta_bytes_out and its like, which flow has, too. Each byte of the\n"
     "conversation is in one of them."},
    {"E0218", "the district has no such place",
     "Scopes name sites, kinds of site, segments and groups as district.yaml does."},
    {"E0219", "the pattern cannot be used",
     "Patterns of `matches` have letters, . [ ] ( ) | * + ? ^ $ and \\d \\w \\s.\n"
     "Counted repeats and references are left out, so that no text can make a\n"
     "pattern slow. For simple cases use glob, with * and ?."},
    {"W0220", "nothing uses the macro", "It has no effect and can be taken out."},
    {"W0221", "a severity leaves age bands out",
     "A severity for age bands that does not name all of primary, middle and senior is\n"
     "the highest that it names for the others, and for staff and segments without a\n"
     "band where it names no staff or none. Write what is meant for each."},
    {"E0222", "a safeguarding rule shows the device",
     "Rules of family safety, and those whose owner is the safety-officer, are about\n"
     "pupils who may be in need: their alerts show a pseudonym at most, and so does a\n"
     "local change of them. Who is behind it is sealed, and opened by an unmask, with a\n"
     "reason, on the record. Write identity: pseudonym or none."},
    {"E0223", "a step's field cannot stand for another",
     "The fields of a step's `by` stand for those of its sequence's, one for one: as\n"
     "many, and of the same type."},
    {"E0301", "unknown schedule",
     "during and not_during name a schedule under schedules: of any file."},
    {"W0302", "an exception or a local change ends soon, or has ended",
     "Both end on a day, so that somebody looks at them again. An ended one does\n"
     "nothing: the rule is as shipped. Give it a new day, or take it out."},
    {"E0303", "not a time of day",
     "Hours and minutes with two digits each, in quotes: \"07:30\". The end of the\n"
     "day is \"24:00\"."},
    {"E0304", "not a day",
     "Days of the week are mon, tue, wed, thu, fri, sat, sun, or a row like mon-\n"
     "fri. Dates are 2027-05-10, or a row like 2027-05-10..2027-05-14."},
    {"E0305", "unknown calendar",
     "Calendars stand in district.yaml, each with its days."},
    {"E0306", "unknown time zone",
     "Write site.tz for the time of the event's site, or a name like\n"
     "Europe/London. The machine's time zone files (package tzdata) must be\n"
     "installed."},
    {"W0308", "nothing uses the schedule", "It has no effect and can be taken out."},
    {"E0401", "unknown list",
     "A list is written $name, and its name stands under lists: of any file."},
    {"E0402", "the list does not fit",
     "A list of domains is asked of a host name, of networks of an address, of\n"
     "ports of a number, of strings of a text, of ja3, ja4 and cert of the field\n"
     "with that name (cert: one that ends in sha256 or sha1). A list that comes\n"
     "from a file is asked with under of a host name, with any_of of a field with\n"
     "several values, else with in. A list of type lookalike is asked of a host\n"
     "name with in, and of several with any_of."},
    {"E0403", "the list is not whole",
     "A list has either items: or file:, and each item is of the list's type."},
    {"E0404", "a list is too old",
     "It was fetched longer ago than max_age allows, and on_stale is refuse. Fetch\n"
     "it again and run `hallwatch lists build`."},
    {"W0404", "a list is old",
     "It was fetched longer ago than max_age allows. It is used all the same: an\n"
     "old list is better than none; only on_stale: disable ends that, and then the\n"
     "rules that ask it are silent. Fetch it again and run `hallwatch lists build`."},
    {"E0405", "a list is too short",
     "It, or one of its sources, has fewer entries than its min_entries. An empty\n"
     "download must never empty a list, so nothing is replaced. Look at the source."},
    {"W0405", "a list is too short",
     "Its sources gave fewer entries than min_entries, or none at all, or one of them\n"
     "less than half of what it gave the last time, so the list stays as it was when it\n"
     "was compiled last; so it does without the folder of --ut1 that it was compiled\n"
     "with. min_entries: 0, at the list or that source, has it believed. Where a rule file\n"
     "asks for more entries than there are and says on_stale: disable, the rules that ask\n"
     "the list are silent until it has them."},
    {"E0406", "the list file has no such list",
     "file: names a list of the compiled file, which `hallwatch lists build` makes\n"
     "from lists.yaml."},
    {"W0407", "no compiled lists were given",
     "A rule file says which lists it asks; what is on them stands in one compiled file\n"
     "for all. `hallwatch lists build --out FILE` makes it of the shipped lists, with\n"
     "--ut1 DIR of those of Toulouse, too. An agent is given it with --lists FILE or by\n"
     "\"lists\" in agent.yaml. Without it these rules run, and never find anything."},
    {"E0408", "such a list cannot come from a file",
     "Lists of ports and strings stand under items:; host names, addresses,\n"
     "hardware addresses and fingerprints can be compiled, too, and a rule file\n"
     "must give the type that lists.yaml gives. Forms hosts, ut1 and rpz hold host\n"
     "names only. Lists of type lookalike come from a file only, and are black."},
    {"W0409", "nothing uses the list", "It has no effect and can be taken out."},
    {"E0410", "the list file cannot be used",
     "It is missing, damaged or of another version. `hallwatch lists build` makes\n"
     "it anew."},
    {"W0411",
     "a category of the Toulouse lists, or a bundle of certificates, was left out",
     "It is not there, and was not the last time: the folder of --ut1 has no such\n"
     "category, or the machine no such file. The list has what its other sources have,\n"
     "and its min_entries says whether that is enough. Debian's package ca-certificates\n"
     "brings the public certification authorities."},
    {"E0412", "too many lists",
     "The message says what is meant, and what to write instead."},
    {"E0413", "what is to be fetched is not whole",
     "A download has from:, and either file: or folder:, which is below the folder\n"
     "of lists.yaml. sha256: has 64 hexadecimal digits."},
    {"E0414", "too many names that others may look like",
     "Lists of type lookalike have at most 4096 names together. They are for those\n"
     "that false pages are made after: the district's own, its bank, its logins."},
    {"E0420", "a source of a list cannot be read",
     "The message says what is meant, and what to write instead."},
    {"W0420", "a source of a list cannot be read",
     "Its list stays as it was when it was compiled last."},
    {"E0421", "a table has no such column",
     "The message says what is meant, and what to write instead."},
    {"W0421", "a table has no such column",
     "Its list stays as it was when it was compiled last."},
    {"W0422", "lines of a list were left out",
     "They hold nothing that could be used. The rest of the list is there."},
    {"E0423", "most of a source is no list",
     "More than one line in ten cannot be used: it may be a page with an error, or\n"
     "of another form or type than lists.yaml says."},
    {"W0423", "most of a source is no list",
     "More than one line in ten cannot be used. Its list stays as it was when it\n"
     "was compiled last."},
    {"E0424", "a list cannot be built, nor taken as it was",
     "What the build keeps beside the compiled file is damaged. Fetch its source\n"
     "again."},
    {"W0424", "a list stays as it was",
     "Its sources cannot be used this time; the warnings above say why. Nothing\n"
     "that happens to a source ever empties a list."},
    {"W0425", "the lists cannot be kept",
     "They are compiled, but if a source is broken the next time, its list cannot\n"
     "be had as it is now. Look at the folder."},
    {"E0426", "the folder of the Toulouse lists is not there",
     "--ut1 names the folder with the categories: adult/domains, malware/domains, and so\n"
     "on. It may be misspelt, or on a disk that is not mounted."},
    {"W0426", "the folder of the Toulouse lists is not there",
     "The lists that are made of it stay as they were when they were compiled last."},
    {"E0501", "an expression is too large",
     "8192 characters, 2000 conditions with those of its macros, and 100\n"
     "parentheses in each other are the most; so are 100 macros, and 100 combinations,\n"
     "in each other. Many values belong into a list."},
    {"E0502", "a limit of a window",
     "A window is at most 31 days long and reaches to 100000; at most four fields\n"
     "stand under by; a sequence has 2 to 8 steps, a combination 2 to 32 rules."},
    {"E0517", "such events tell no group of devices",
     "The alerts of agents, and what an agent says of itself, are of no device. A rule\n"
     "that asks for groups watches what devices do."},
    {"E0519", "these rules need another version",
     "requires: names a version that is newer than this program, or than the nDPI that\n"
     "the agent has (hallwatch-agent --version). Older programs do not know fields or\n"
     "names that these rules ask for, so that they would be silent."},
    {"W0522", "a rule that is named is never heard of",
     "It is disabled, runs elsewhere, or is only counted while the one that names it\n"
     "is not: the combination can do no more than the others allow."},
    {"E0524", "an aggregate names a device",
     "A rule with aggregate: says how many devices, never which: its identity is none,\n"
     "and no field that names a device stands under by."},
    {"E0525", "a field that cannot be hidden",
     "hide: leaves out of alerts what was visited, or other things about the event. How\n"
     "much of a person they show is said by identity:, and the school they need."},
    {"E0530", "no Sigma rule",
     "A document of a Sigma file has detection or correlation. Collections with\n"
     "action and filters of Sigma are not read."},
    {"W0530", "a part of a Sigma rule that means nothing here",
     "It says nothing about what is met, and is left out."},
    {"E0531", "a log that no sensor keeps",
     "Sigma rules speak of logs. What a passive sensor sees answers for those of\n"
     "dns, proxy, webserver, firewall, network_connection, and of Zeek's dns, http,\n"
     "ssl, x509, conn, rdp and ssh."},
    {"W0531", "a part of a Sigma rule whose meaning depends on the log",
     "The message says how it was understood."},
    {"E0532", "a field of a Sigma rule that events do not have",
     "No event answers for it, so the rule cannot be asked. Without that part it\n"
     "would be another rule."},
    {"E0533", "a modifier of a Sigma rule that cannot be said",
     "contains, startswith, endswith, all, cased, re, i, cidr, exists, neq, lt, lte,\n"
     "gt, gte, base64 and base64offset can, where they fit the field."},
    {"E0534", "a value of a Sigma rule that cannot be said", "The message says why."},
    {"E0535", "a condition of a Sigma rule that cannot be said",
     "Names of selections, and, or, not, parentheses, \"1 of\" and \"all of\" can."},
    {"E0536", "counting of a Sigma rule that cannot be said",
     "count() and count(field) by one field, with > or >=, and correlations of the\n"
     "types event_count, value_count, temporal and temporal_ordered can."},
    {"E0537", "a translated Sigma rule is not a good rule",
     "The checker of rule files refused what was made of it, for the reason shown."},
    {"E0541", "a rule watches what is not seen where it runs",
     "Events of kind alert are at the collector, and there are no others there: packets\n"
     "and names stay at the school. A rule that is to hear of others of its agent\n"
     "combines them; one that is to see several schools says at: collector and watches\n"
     "the alerts of other rules."},
    {"E0542", "a rule inhibits one that runs elsewhere",
     "What an agent told, the collector cannot take back, and an agent knows nothing of\n"
     "the collector. In the collector's files (hallwatch-correlate(5)) inhibit: keeps\n"
     "alerts of agents from being told that another alert explains."},
    {"E0543", "a silence that cannot be told",
     "A step with none_for: is that nothing comes for so long after the event before it.\n"
     "So it is not the first step, and no silence follows upon another; within: has room\n"
     "for all of them. A rule at the collector has none: what an agent that is cut off\n"
     "has to tell comes later."},
    {"E0550", "an overlay of unknown rules",
     "overlay_of: is the name after ruleset: of the rules that are changed. They and the\n"
     "overlay are loaded together: hallwatch rules check RULES OVERLAY."},
    {"E0551", "two changes set the same thing",
     "At one site, a key of a rule is changed once. disable: changes its mode. Of two\n"
     "changes, also where one has ended, take one out."},
    {"E0552", "a change breaks its rule",
     "The rule as shipped is right, and with the change it is not: the other faults of\n"
     "this run say where. No change of the overlay is in force until it is mended."},
    {"E0553", "a change that changes nothing",
     "Beside rule:, until:, owner: and why:, a change names what it sets, and an added\n"
     "exception has values."},
    {"E0554", "too many changes of a rule",
     "At most 64. So many are a rule of your own: copy it under another id, and disable\n"
     "the shipped one."},
    {"E0560", "a limit of evidence",
     "At most 60 seconds before an alert and 5 minutes after it are kept, in 4 KiB to\n"
     "4 MiB, 64 to 2048 bytes of a frame. Without snaplen only headers are."},
    {"E0561", "a rule that may not have evidence",
     "Frames show which device it was, and whom it spoke to. A rule of identity none\n"
     "says of no device, so it keeps none; those of pseudonym and device are sealed\n"
     "for the vault key. A rule at the collector sees no frames."},
    {"E0601", "a test failed",
     "The rule does not do what its test says. The hint shows how far it came. A\n"
     "bundle with a failing test is not sent to agents."},
    {"W0601", "a test failed, perhaps because of the site",
     "The rule asks lists or calendars, and here they are the site's own: not the\n"
     "names and days that its test was written with. `hallwatch rules test` runs it\n"
     "with those."},
    {"E0602", "a test cannot be run",
     "The message says what is meant, and what to write instead."},
    {"W0602", "a rule is not tested",
     "Every rule should have a test that raises it, and one close to that which does\n"
     "not: one thing fewer than it counts, or one thing different."},
    {"W0603", "a condition is never true in a test",
     "In no test of the rule is the condition true, or even asked. It could be written\n"
     "wrong, and no test would fail: add an event that meets it."},
    {"W0604", "conditions are never false in a test",
     "They could be left out of the rule, and none of its tests would fail. Of a long\n"
     "list of alternatives that is no fault; of a condition that all events have to\n"
     "meet, a test with an event that only it turns away says why it is there."},
    {"E0701", "two are called the same",
     "Steps, fields of a form, playbooks and languages each have a name of their own."},
    {"E0702", "another version of playbooks or notices",
     "The message says what is meant, and what to write instead."},
    {"E0703", "unknown step",
     "then:, on_timeout: and their like name a step of the same playbook, or end."},
    {"E0704", "a kind of step that this version does not run",
     "A playbook that is loaded without one of its steps would mean something else,\n"
     "so it is refused. Make it a task that says what a person does instead."},
    {"E0705", "a step that nobody can reach", "No way from the first step leads there."},
    {"E0706", "a way that never ends",
     "From this step no way leads to the end, or playbooks call each other in turn."},
    {"E0707", "steps go round without waiting",
     "notify and branch take no time. A circle of them would never stop: put a wait\n"
     "or a task on the way."},
    {"E0708", "nobody holds the role",
     "Give somebody the role, or a roster to it, in district.yaml."},
    {"E0709", "hours that nobody covers",
     "A rule leads to a step whose role has nobody on duty at these hours, and no\n"
     "last responder. Name one, add duties, or let the rule hold its alerts until\n"
     "somebody is there."},
    {"W0709", "hours that nobody covers",
     "As E0709, seen from the playbook: it matters when a rule pages."},
    {"E0710", "unknown template",
     "Templates stand in rules/notices, one file a language."},
    {"E0711", "a template is missing in a language",
     "Each template stands in every language that has a file."},
    {"W0711", "nobody wrote in this language",
     "The person is written to in English, until there is a file for theirs."},
    {"E0712", "unknown action",
     "The message says what is meant, and what to write instead."},
    {"E0713", "a message outside without approve",
     "Whatever goes to families, students, vendors, authorities or the press needs a\n"
     "role that agrees to it first."},
    {"E0714", "an automatic step towards police or parents",
     "No playbook contacts police or parents by itself. A person decides and does it."},
    {"E0715", "unknown fact",
     "hallwatch-playbooks(5) lists the facts. What a form asked for is\n"
     "answer.STEP.FIELD."},
    {"E0716", "unknown playbook",
     "A rule leads to a playbook by its name (response: {playbook: NAME}), and call:\n"
     "names another playbook of the same folder."},
    {"W0716", "playbooks that cannot be read",
     "Rules were checked, but not whether their playbooks are there.\n"
     "`hallwatch playbooks check` says what is wrong with those."},
    {"E0717", "not a name", "Small letters, digits and a dash; fields of a form with _."},
    {"E0718", "a ${ without its }", "Facts stand in texts as ${incident.site}."},
    {"E0719", "a fact that its reader may not see",
     "Messages name no device and no host, and tasks only what their role works\n"
     "with. Who needs more sees it on the incident's page."},
    {"E0720", "a step that cannot be understood",
     "The message says what is meant, and what to write instead."},
    {"E0721", "too many steps", "Split the playbook, and call one from the other."},
    {"E0722", "not a language", "As in BCP 47: en, es, pt-BR."},
    {"W0731", "a step without a deadline",
     "Nobody is reminded of it, and nothing happens when nobody answers."},
    {"W0732", "a rule leads to no playbook",
     "Whatever raises an alert needs somebody to act on it: response: {playbook: NAME}.\n"
     "The collector refuses to start with such a rule (E0913), unless it is told to\n"
     "accept gaps. A rule in shadow mode, or a disabled one, needs none."},
    {"E0751", "two entries of the same name",
     "Entries of correlate and inhibit are told apart by their id, in all files\n"
     "together. \"otherwise\" is taken: it is what holds when nothing fits."},
    {"E0752", "a time for correlation that is too short or too long",
     "Alerts belong together, or explain each other, within 1 s to 30 d."},
    {"E0753", "nothing to compare",
     "\"same\" is empty, so that all alerts of the district would be one incident."},
    {"E0754", "a rule that would hide itself",
     "The same rule stands under when and hides: its first alert would hide its\n"
     "second."},
    {"E0755", "neither correlate nor inhibit",
     "A file in rules/correlate says which alerts belong together (correlate) or\n"
     "which explain others away (inhibit)."},
    {"E0801", "a name stands twice in district.yaml",
     "The message says what is meant, and what to write instead."},
    {"E0802", "another version of district.yaml",
     "The message says what is meant, and what to write instead."},
    {"E0803", "unknown time zone", "A name like Europe/London or America/Chicago."},
    {"E0804", "not an address",
     "The message says what is meant, and what to write instead."},
    {"E0805", "not a network",
     "Like 10.20.0.0/20, with no bits set behind the first 20."},
    {"E0806", "unknown site",
     "The message says what is meant, and what to write instead."},
    {"E0807", "not a hardware address",
     "Six pairs of digits, in quotes: \"02:00:00:00:20:01\"."},
    {"E0808", "not a contact",
     "One way to reach somebody, like {mail: office@lincoln.example}. A mail address has "
     "letters, digits and marks of ASCII, one @ and no name around it."},
    {"E0809", "unknown person", "Rosters name those who stand under people:."},
    {"E0810", "too many groups",
     "A district has at most 64 of them, two of which are there always."},
    {"E0811", "not a name for a group",
     "Small letters, digits, _ and -. Rules name it under scope: groups."},
    {"E0812", "unknown segment",
     "The segments of a group are names of those that stand under segments:."},
    {"E0901", "unknown setting",
     "The message says what is meant, and what to write instead."},
    {"E0902", "not an address or network",
     "The message says what is meant, and what to write instead."},
    {"E0903", "a setting is missing",
     "The message says what is meant, and what to write instead."},
    {"E0904", "no such interface", "`ip link` lists those of this machine."},
    {"E0905", "too many processes",
     "Each interface has as many sensors as \"sensors\" says; all of them together are\n"
     "at most 32."},
    {"E0906", "a key that cannot be read",
     "`hallwatch keys new` makes keys. A file with a secret is its owner's alone\n"
     "(chmod 600)."},
    {"W0906", "a key that the service cannot read",
     "Started as root, the program reads its keys and then becomes the user of its\n"
     "settings. The units of systemd start it as that user: the key must be its."},
    {"E0907", "no such site",
     "\"site\", or --site, is the id of a site of district.yaml."},
    {"E0908", "a setting that another one needs", "The message says which."},
    {"E0913", "hours that nobody covers, or a rule that leads nowhere",
     "A rule that alerts wants a playbook (response: {playbook: ...}), and each step of\n"
     "it somebody who can be reached in every hour. `hallwatch district check --coverage`\n"
     "says the same beforehand. With --accept-gaps the collector starts all the same."},
    {"W0913", "hours that nobody covers, or a rule that leads nowhere",
     "The gaps of E0913, which were accepted with --accept-gaps."},
    {"E0914", "a user that one cannot become",
     "Started as root, the program becomes the user of its settings, who needs no\n"
     "rights but to write to the state folder."},
    {"E0915", "a state folder that cannot be used",
     "The program keeps what must survive a restart there. It is the user's own:\n"
     "mkdir -p, chown."},
    {"E0916", "a state folder that somebody else uses",
     "Two agents with one folder would each undo what the other keeps. `ps` with\n"
     "the process's number shows which one it is."},
    {"W0916", "it runs already",
     "The program runs with these very settings. What is checked is what it would\n"
     "find at its next start."},
    {"E0917", "an interface or address that cannot be listened on",
     "An agent: the filter does not compile, the interface is down, or the right to\n"
     "capture (CAP_NET_RAW) is missing. A collector: somebody listens there, or the\n"
     "machine has no such address. The message says which, and what to do."},
    {"W0918", "no collector is named",
     "The agent prints its alerts on standard output, which is for trying things out.\n"
     "collector: {addresses: [...], key: collector.pub} and key: agent.key in\n"
     "agent.yaml have them sent."},
    {"W0919", "devices have another name after each start",
     "Alerts name devices by a pseudonym that is made with a key. Without one the agent\n"
     "makes a key at each start: the same device has a new name then, and another one at\n"
     "each agent. `hallwatch keys new pseudonym` makes one, which all agents of the\n"
     "district share: pseudonym_key in agent.yaml."},
    {"W0920", "nothing is kept sealed",
     "Who is behind a pseudonym, and the frames that a rule keeps as evidence, are sealed\n"
     "for the vault's key, which is not on any sensor. Without it neither is kept.\n"
     "`hallwatch keys new vault` makes the pair: vault.pub goes to the agents, vault.key\n"
     "away from the network."},
    {"W0921", "no mail server is named",
     "People are told by mail that a task waits for them. Without a mail server nothing\n"
     "is sent: whoever leads gets a task to call them, the network administrator one to\n"
     "see why. smtp: {url: ..., from: ...} in collector.yaml names the server."},
};

const struct diag_code *diag_code_find(const char *code)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcasecmp(codes[i].code, code) == 0)
            return &codes[i];
    return NULL;
}

const struct diag_code *diag_codes(size_t *ret_count)
{
    *ret_count = sizeof(codes) / sizeof(codes[0]);
    return codes;
}
