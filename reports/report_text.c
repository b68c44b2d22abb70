/* report_text.c - see report_text.h. */
#include "report_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mia/arena.h"
#include "mia/takers.h"
#include "safe_text.h"
#include "size_text.h"
#include "utf8.h"

#define NAMED_TAKERS 3

/* --- the head --- */

static const char *firmware_words(enum firmware firmware)
{
	static const char *const words[] = { [FIRMWARE_UNKNOWN] = "", [FIRMWARE_BIOS] = ", BIOS", [FIRMWARE_EFI] = ", UEFI", [FIRMWARE_XEN] = ", Xen" };

	return words[firmware];
}

static size_t nodes_online(const struct boot *b)
{
	size_t nr = 0;

	for (size_t n = 0; n < b->nr_nodes; n++)
		nr += b->node[n].online;
	return nr;
}

static void add_safe(struct strbuf *buf, struct str s) { strbuf_add(buf, safe_text(buf->arena, s)); }

struct str headline(struct arena *arena, const struct verdict *v)
{
	struct strbuf s = { .arena = arena };
	const struct machine *m = v->machine;

	strbuf_add(&s, STR("Linux "));
	add_safe(&s, v->kernel->release.text.n ? v->kernel->release.text : STR("of unknown version"));
	if (m->dmi.n || m->hypervisor_name.n) {
		strbuf_add(&s, STR(" on "));
		add_safe(&s, m->dmi.n ? m->dmi : m->hypervisor_name);
	}
	return strbuf_str(&s);
}

struct str machine_line(struct arena *arena, const struct verdict *v)
{
	struct strbuf s = { .arena = arena };
	const struct machine *m = v->machine;
	size_t nodes = nodes_online(v->boot);

	strbuf_printf(&s, "%s%s", v->kernel->arch == ARCH_UNKNOWN ? "architecture unknown" : arch_name(v->kernel->arch), firmware_words(m->firmware));
	if (m->online_cpus)
		strbuf_printf(&s, ", %" PRIu32 " CPU%s", m->online_cpus, m->online_cpus == 1 ? "" : "s");
	if (nodes)
		strbuf_printf(&s, ", %zu node%s", nodes, nodes == 1 ? "" : "s");
	return strbuf_str(&s);
}

/* The end of a long name tells more than its beginning. */
static void add_name(struct strbuf *s, struct str name, size_t columns)
{
	size_t cut = 0;

	if (text_columns(name) > columns) {
		strbuf_add(s, STR("..."));
		while (cut < name.n && text_columns(str_skip(name, cut)) + 3 > columns)
			cut += utf8_sequence(name.p + cut, name.n - cut, NULL);
	}
	strbuf_add(s, str_skip(name, cut));
}

struct str origin_line(struct arena *arena, const struct verdict *v, size_t columns)
{
	struct strbuf s = { .arena = arena }, more = { .arena = arena };
	size_t nr = 0;

	if (v->prediction)
		return STR("a boot that has not happened");
	if (v->nr_boots > 1)
		strbuf_printf(&more, ", boot %zu (0 to %zu)", v->boot_index, v->nr_boots - 1);
	for (int k = 0; k < NR_SOURCES; k++)
		nr += v->record->has_source[k];
	if (nr > 1)
		strbuf_printf(&more, ", %zu sources", nr);
	if (v->truncated)
		strbuf_add(&more, STR(", cut short"));
	add_name(&s, v->input_name && *v->input_name ? safe_text(arena, str_of(v->input_name)) : STR("the running machine"), columns > more.n + 20 ? columns - more.n : 20);
	strbuf_add(&s, strbuf_str(&more));
	return strbuf_str(&s);
}

/* --- the summary --- */

static void add_size(struct strbuf *s, int64_t bytes, bool in_bytes) { strbuf_add(s, str_of(size_prose(bytes, in_bytes).s)); }

static const char *root_words(const struct ledger_row *root)
{
	return strstr(root->label, "nstalled") ? "installed" : "declared by the firmware";
}

struct str summary_sentence(struct arena *arena, const struct verdict *v, bool in_bytes)
{
	const struct ledger_row *root = ledger_find(&v->ledger, "installed"), *usable = ledger_find(&v->ledger, "usable"), *total = ledger_find(&v->ledger, "mem_total");
	struct strbuf s = { .arena = arena };

	if (!root || !usable || !total)
		return (struct str){ "", 0 };
	/* Registers and tables of nodes say less than modules do. */
	if (root->basis != AMOUNT_EXACT && strstr(root->label, "nstalled"))
		strbuf_add(&s, STR("About "));
	add_size(&s, root->bytes, in_bytes);
	strbuf_printf(&s, " %s, ", root_words(root));
	add_size(&s, usable->bytes, in_bytes);
	strbuf_printf(&s, " usable, %s", total->basis == AMOUNT_EXACT ? "" : "about ");
	add_size(&s, total->bytes, in_bytes);
	strbuf_printf(&s, " MemTotal (%" PRId64 " kB)", total->bytes / (int64_t)KIB);
	if (total->basis == AMOUNT_BOUNDED)
		strbuf_printf(&s, ", between %" PRIu64 " and %" PRIu64 " kB", pages_to_kib(v->boot->totalram.min), pages_to_kib(v->boot->totalram.max));
	if (root->bytes > total->bytes) {
		strbuf_printf(&s, ": %s", total->basis == AMOUNT_EXACT && root->basis == AMOUNT_EXACT ? "" : "about ");
		add_size(&s, root->bytes - total->bytes, in_bytes);
		strbuf_add(&s, STR(" less"));
	}
	strbuf_char(&s, '.');
	return strbuf_str(&s);
}

struct str takers_sentence(struct arena *arena, const struct verdict *v, bool in_bytes)
{
	struct strbuf s = { .arena = arena };
	struct takers takers;

	takers_rank(arena, &v->ledger, &takers);
	for (size_t i = 0; i < takers.nr && i < NAMED_TAKERS; i++) {
		strbuf_add(&s, str_of(i ? ", " : "Largest takers: "));
		strbuf_add(&s, str_of(takers.v[i].row->label));
		strbuf_char(&s, ' ');
		add_size(&s, takers.v[i].bytes, in_bytes);
	}
	if (takers.nr)
		strbuf_char(&s, '.');
	return strbuf_str(&s);
}

struct str unexplained_sentence(struct arena *arena, const struct verdict *v, bool in_bytes)
{
	const struct ledger_row *unowned = ledger_find(&v->ledger, owner_id(OWNER_NONE));
	struct strbuf s = { .arena = arena };

	if (!v->ledger.nr)
		return (struct str){ "", 0 };
	if (!v->unexplained_known)
		return !v->prediction ? STR("Nothing in the input states what was reserved: the ledger is the model's own.") : (struct str){ "", 0 };
	if (!v->unexplained_bytes && v->boot->balance.silent)
		return STR("What no line names is put down to the firmware's boot services.");
	if (!v->unexplained_bytes)
		return STR("Every byte has an owner.");
	if (unowned && unowned->bytes < 0)
		strbuf_add(&s, STR("The model's owners hold "));
	add_size(&s, (int64_t)v->unexplained_bytes, in_bytes);
	if (unowned && unowned->bytes < 0)
		strbuf_add(&s, STR(" more than the kernel reserved."));
	else
		strbuf_printf(&s, " (%s) could not be attributed.", percent_text((int64_t)v->unexplained_bytes, (int64_t)PFN_PHYS(v->boot->physpages)).s);
	return strbuf_str(&s);
}

struct str map_caveat(const struct verdict *v)
{
	const struct boot *b = v->boot;

	if (b->kernel_base_known)
		return (struct str){ "", 0 };
	return b->kernel_base ? STR("The kernel image stands at one of several places where it may lie.") : STR("The kernel image is not shown: where it lies is not known.");
}

/* --- numbers --- */

struct str amount_text(struct arena *arena, const struct amount *a)
{
	struct strbuf s = { .arena = arena };

	switch (a->basis) {
	case AMOUNT_UNKNOWN:
		return STR("?");
	case AMOUNT_ESTIMATED:
		strbuf_printf(&s, "~%" PRIu64, a->v);
		break;
	case AMOUNT_BOUNDED:
		strbuf_printf(&s, "%" PRIu64 "-%" PRIu64, a->min, a->max);
		break;
	case AMOUNT_EXACT:
		strbuf_printf(&s, "%" PRIu64, a->v);
		break;
	}
	return strbuf_str(&s);
}

struct str value_text(struct arena *arena, const struct value *v)
{
	struct strbuf s = { .arena = arena };

	if (!v->known)
		return STR("nothing");
	for (size_t i = 0; i < (v->nr ? v->nr : 1); i++)
		strbuf_printf(&s, "%s%" PRIu64, i ? " " : "", v->v[i]);
	return strbuf_str(&s);
}

const char *basis_mark(enum basis basis)
{
	static const char *const marks[] = { "?", "~", "*", "" };

	return marks[basis];
}

/* --- order --- */

bool is_trunk(const struct ledger_row *row)
{
	static const char *const trunk[] = { "installed", "usable", "present", "mem_total" };

	for (size_t i = 0; i < ARRAY_SIZE(trunk); i++)
		if (!strcmp(row->id, trunk[i]))
			return true;
	return false;
}

static const struct ledger_row *parent_of(const struct ledger *ledger, const struct ledger_row *row)
{
	return row->parent ? ledger_find(ledger, row->parent) : NULL;
}

unsigned depth_below_trunk(const struct ledger *ledger, const struct ledger_row *row)
{
	unsigned depth = 0;

	while (row && !is_trunk(row)) {
		depth++;
		row = parent_of(ledger, row);
	}
	return depth;
}

static uint64_t magnitude(int64_t v) { return v < 0 ? -(uint64_t)v : (uint64_t)v; }

static bool is_unowned(const struct ledger_row *row) { return !strcmp(row->id, owner_id(OWNER_NONE)); }

/* Does @a come before @b among the children of one row? */
static bool stands_before(const struct ledger_row *a, const struct ledger_row *b)
{
	if (is_unowned(a) || is_unowned(b))
		return !is_unowned(a);
	return magnitude(a->bytes) > magnitude(b->bytes);
}

struct ordering {
	struct arena *arena;
	const struct ledger *ledger;
	const struct ledger_row **parent; /* of each row */
	const struct ledger_row **v;
	size_t nr;
};

static size_t find_children(const struct ordering *o, const struct ledger_row *row, const struct ledger_row **ret)
{
	bool as_they_are = is_trunk(row);
	size_t nr = 0;

	for (size_t i = 0; i < o->ledger->nr; i++) {
		const struct ledger_row *child = &o->ledger->v[i];
		size_t at = nr;

		if (o->parent[i] != row)
			continue;
		for (; at && !as_they_are && stands_before(child, ret[at - 1]); at--)
			ret[at] = ret[at - 1];
		ret[at] = child;
		nr++;
	}
	return nr;
}

static void add_with_children(struct ordering *o, const struct ledger_row *row)
{
	const struct ledger_row **children = arena_array(o->arena, const struct ledger_row *, o->ledger->nr);
	size_t nr = find_children(o, row, children);

	o->v[o->nr++] = row;
	for (size_t i = 0; i < nr; i++)
		add_with_children(o, children[i]);
}

const struct ledger_row **ledger_in_order(struct arena *arena, const struct ledger *ledger)
{
	struct ordering o = { .arena = arena, .ledger = ledger };

	o.v = arena_array(arena, const struct ledger_row *, ledger->nr + 1);
	o.parent = arena_array(arena, const struct ledger_row *, ledger->nr);
	for (size_t i = 0; i < ledger->nr; i++)
		o.parent[i] = parent_of(ledger, &ledger->v[i]);
	for (size_t i = 0; i < ledger->nr; i++)
		if (!ledger->v[i].parent)
			add_with_children(&o, &ledger->v[i]);
	return o.v;
}

static int by_weight(const void *a, const void *b)
{
	const struct finding *x = *(const struct finding *const *)a, *y = *(const struct finding *const *)b;

	if (x->severity != y->severity)
		return x->severity < y->severity ? 1 : -1;
	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return strcmp(x->id, y->id);
}

const struct finding **findings_in_order(struct arena *arena, const struct findings *findings)
{
	const struct finding **v = arena_array(arena, const struct finding *, findings->nr + 1);

	for (size_t i = 0; i < findings->nr; i++)
		v[i] = &findings->v[i];
	if (findings->nr)
		qsort(v, findings->nr, sizeof(*v), by_weight);
	return v;
}

/* --- checks, lines --- */

struct check_count count_checks(const struct checks *checks)
{
	struct check_count ret = { { 0 } };

	for (size_t i = 0; i < checks->nr; i++)
		ret.nr[checks->v[i].verdict]++;
	return ret;
}

struct str line_text(const struct verdict *v, uint32_t line)
{
	const struct facts *log = v->record ? &v->record->log : NULL;
	size_t lo = 0, hi = log ? log->nr : 0;

	/* Facts stand in the order of their lines. */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (log->v[mid].line < line)
			lo = mid + 1;
		else
			hi = mid;
	}
	return log && lo < log->nr && log->v[lo].line == line ? log->v[lo].text : (struct str){ "", 0 };
}
