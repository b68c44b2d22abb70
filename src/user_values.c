/* user_values.c - the values of a verdict that a rule of a file can name. */
#include <stdlib.h>

#include "mia/arena.h"
#include "user_rules.h"

#define NAME_MOST 120

/* --- names --- */

/* "zone.0.DMA32.managed" -> "zone", "0", "DMA32", "managed"; at most four parts, the last takes what is left where @rest. */
struct parts {
	struct str v[4];
	size_t nr;
};

static struct parts parts_of(const char *name)
{
	struct parts p = { .nr = 0 };
	struct str rest = str_of(name);

	while (p.nr < 4 && str_cut(&rest, '.', &p.v[p.nr]))
		p.nr++;
	if (rest.n)
		p.nr = 0;
	return p;
}

/* What follows the first dot. */
static struct str after_dot(const char *name)
{
	struct str s = str_of(name);

	return str_skip(s, (size_t)str_find_char(s, '.') + 1);
}

static bool fact_kind_of(struct str name, enum fact_kind *ret)
{
	for (int k = 0; k < NR_FACTS; k++)
		if (str_is(name, fact_name((enum fact_kind)k))) {
			*ret = (enum fact_kind)k;
			return true;
		}
	return false;
}

/* "v3", "s0" */
static bool member_of(struct str s, char *which, size_t *index)
{
	if (s.n != 2 || (s.p[0] != 'v' && s.p[0] != 's') || s.p[1] < '0' || s.p[1] > '9')
		return false;
	*which = s.p[0];
	*index = (size_t)(s.p[1] - '0');
	return *index < (*which == 'v' ? FACT_VALUES : FACT_TEXTS);
}

/* --- zones --- */

static const struct {
	const char *name;
	size_t offset; /* of a uint64_t in struct zone */
} zone_fields[] = {
	{ "spanned", offsetof(struct zone, spanned) },   { "present", offsetof(struct zone, present) },
	{ "managed", offsetof(struct zone, managed.v) }, { "min", offsetof(struct zone, min) },
	{ "low", offsetof(struct zone, low) },           { "high", offsetof(struct zone, high) },
};

static const size_t *zone_field(struct str name)
{
	for (size_t i = 0; i < ARRAY_SIZE(zone_fields); i++)
		if (str_is(name, zone_fields[i].name))
			return &zone_fields[i].offset;
	return NULL;
}

static bool zone_type_of(struct str name, enum zone_type *ret)
{
	for (int z = 0; z < NR_ZONE_TYPES; z++)
		if (str_is(name, zone_type_name((enum zone_type)z))) {
			*ret = (enum zone_type)z;
			return true;
		}
	return false;
}

static const struct pgdat *node_of(const struct triage *t, struct str number)
{
	uint64_t nid;

	if (!str_to_u64(number, 10, &nid) || nid >= t->boot->nr_nodes || !t->boot->node[nid].online)
		return NULL;
	return &t->boot->node[nid];
}

/* --- single values --- */

static struct user_value number(uint64_t n)
{
	return (struct user_value){ .kind = VALUE_NUMBER, .number = n > INT64_MAX ? INT64_MAX : (int64_t)n };
}
static struct user_value text(struct str s)
{
	return s.p ? (struct user_value){ .kind = VALUE_TEXT, .text = s } : (struct user_value){ .kind = VALUE_ABSENT };
}
static const struct user_value absent = { .kind = VALUE_ABSENT };

static struct user_value or_absent(uint64_t n) { return n ? number(n) : absent; }

static struct user_value mem_total(const struct triage *t)
{
	return t->boot->totalram.basis == AMOUNT_UNKNOWN ? absent : number(PFN_PHYS(t->boot->totalram.v));
}
static struct user_value present(const struct triage *t) { return or_absent(triage_ram(t)); }
static struct user_value max_pfn(const struct triage *t) { return or_absent(t->boot->max_pfn); }
static struct user_value nodes(const struct triage *t) { return or_absent(t->boot->nr_online); }
static struct user_value cpus(const struct triage *t) { return or_absent(t->machine->online_cpus); }
static struct user_value possible_cpus(const struct triage *t) { return or_absent(t->machine->possible_cpus); }
static struct user_value installed(const struct triage *t) { return or_absent(t->v->dram.installed_bytes); }
static struct user_value hypervisor(const struct triage *t) { return number(t->machine->hypervisor); }
static struct user_value firmware(const struct triage *t) { return text(str_of(firmware_name(t->machine->firmware))); }
static struct user_value dmi(const struct triage *t) { return text(t->machine->dmi); }
static struct user_value release(const struct triage *t) { return text(t->kernel->release.text); }
static struct user_value arch(const struct triage *t) { return text(str_of(arch_name(t->kernel->arch))); }
static struct user_value unexplained(const struct triage *t)
{
	return t->v->unexplained_known ? number(t->v->unexplained_bytes) : absent;
}

static struct user_value mismatches(const struct triage *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->v->checks.nr; i++)
		n += t->v->checks.v[i].verdict == CHECK_MISMATCH;
	return number(n);
}

static const struct {
	const char *name;
	struct user_value (*get)(const struct triage *t);
} singles[] = {
	{ "boot.mem_total", mem_total },
	{ "boot.present", present },
	{ "boot.max_pfn", max_pfn },
	{ "boot.nodes", nodes },
	{ "boot.unexplained", unexplained },
	{ "machine.cpus", cpus },
	{ "machine.possible_cpus", possible_cpus },
	{ "machine.installed", installed },
	{ "machine.hypervisor", hypervisor },
	{ "machine.firmware", firmware },
	{ "machine.dmi", dmi },
	{ "kernel.release", release },
	{ "kernel.arch", arch },
	{ "checks.mismatches", mismatches },
};

/* --- families --- */

static struct user_value ledger_value(struct triage *t, const char *name)
{
	const struct ledger_row *row = ledger_find(&t->v->ledger, after_dot(name).p);

	return row ? (struct user_value){ .kind = VALUE_NUMBER, .number = row->bytes } : absent;
}

static struct user_value cmdline_value(struct triage *t, const char *name)
{
	const struct cmdline_option *o = cmdline_last(t->boot->cmdline, after_dot(name).p);

	return !o ? absent : o->value.p ? text(o->value) : text(STR(""));
}

static struct user_value finding_value(struct triage *t, const char *name)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->findings->nr; i++)
		n += str_is(after_dot(name), t->findings->v[i].id);
	return number(n);
}

static struct user_value fact_value(struct triage *t, const char *name)
{
	struct parts p = parts_of(name);
	enum fact_kind kind;
	const struct fact *f;
	size_t index;
	char which;

	if (!fact_kind_of(p.v[1], &kind))
		return absent;
	if (p.nr == 2)
		return number(facts_count(t->log, kind));
	f = facts_last(t->log, kind);
	if (!f || !member_of(p.v[2], &which, &index))
		return absent;
	return which == 'v' ? number(f->v[index]) : text(f->s[index]);
}

static struct user_value zone_value(struct triage *t, const char *name)
{
	struct parts p = parts_of(name);
	const struct pgdat *node = node_of(t, p.v[1]);
	const size_t *field = zone_field(p.v[3]);
	enum zone_type type;

	if (!node || !field || !zone_type_of(p.v[2], &type) || !node->zone[type].configured)
		return absent;
	return number(*(const uint64_t *)(const void *)((const char *)&node->zone[type] + *field));
}

static struct user_value node_value(struct triage *t, const char *name)
{
	struct parts p = parts_of(name);
	const struct pgdat *node = node_of(t, p.v[1]);

	return !node ? absent : number(str_is(p.v[2], "present") ? node->present : node->spanned);
}

static bool word_known(const char *name) { return after_dot(name).n > 0; }

static bool fact_known(const char *name)
{
	struct parts p = parts_of(name);
	enum fact_kind kind;
	size_t index;
	char which;

	return p.nr >= 2 && p.nr <= 3 && fact_kind_of(p.v[1], &kind) && (p.nr == 2 || member_of(p.v[2], &which, &index));
}

static bool zone_known(const char *name)
{
	struct parts p = parts_of(name);
	enum zone_type type;
	uint64_t nid;

	return p.nr == 4 && str_to_u64(p.v[1], 10, &nid) && zone_type_of(p.v[2], &type) && zone_field(p.v[3]);
}

static bool node_known(const char *name)
{
	struct parts p = parts_of(name);
	uint64_t nid;

	return p.nr == 3 && str_to_u64(p.v[1], 10, &nid) && (str_is(p.v[2], "present") || str_is(p.v[2], "spanned"));
}

static const struct {
	const char *prefix;
	bool (*known)(const char *name);
	struct user_value (*get)(struct triage *t, const char *name);
} families[] = {
	{ "ledger.", word_known, ledger_value },   { "cmdline.", word_known, cmdline_value },
	{ "finding.", word_known, finding_value }, { "fact.", fact_known, fact_value },
	{ "zone.", zone_known, zone_value },       { "node.", node_known, node_value },
};

static int family_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (str_starts(str_of(name), str_of(families[i].prefix)))
			return (int)i;
	return -1;
}

static int single_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(singles); i++)
		if (!strcmp(name, singles[i].name))
			return (int)i;
	return -1;
}

bool user_value_known(const char *name)
{
	int family = family_of(name);

	return strlen(name) <= NAME_MOST && (single_of(name) >= 0 || (family >= 0 && families[family].known(name)));
}

struct user_value user_value(struct triage *t, const char *name)
{
	int single = single_of(name), family = family_of(name);

	if (single >= 0)
		return singles[single].get(t);
	return family >= 0 ? families[family].get(t, name) : absent;
}

void user_value_lines(struct triage *t, const char *name, struct finding *f)
{
	struct str family = parts_of(name).nr ? parts_of(name).v[0] : STR("ledger");
	enum fact_kind kind;

	if (str_is(family, "cmdline"))
		triage_line(f, triage_cmdline_line(t));
	else if (str_is(family, "fact") && fact_kind_of(parts_of(name).v[1], &kind))
		triage_lines(t, f, kind);
	else if (str_is(family, "ledger") && ledger_find(&t->v->ledger, after_dot(name).p))
		for (size_t i = 0; i < ARRAY_SIZE(((struct ledger_row *)0)->lines); i++)
			triage_line(f, ledger_find(&t->v->ledger, after_dot(name).p)->lines[i]);
}
