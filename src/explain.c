/*
 * explain.c - see explain.h: reading the question, and the rows of an answer.
 */
#include "explain_private.h"

#include <inttypes.h>
#include <stdarg.h>

/* --- the question --- */

static const char *const forms[] = {
	"0x1000, phys:0x1000    a physical address",
	"pfn:256, pfn:0x100     a page frame",
	"virt:ADDRESS           a virtual address of the kernel; any address with its top bit set is one",
	"line:N                 line N of the log",
	"zone:0/DMA32, node:0   a zone, a node",
	"owner:crashkernel      an owner of memory, as the ledger names it",
	"section:N, block:N     a section of 128 MiB, a memory block",
	"layout, fixmap, slot:N the kernel's virtual address space, early_ioremap()'s slots, one of them",
	"ioremap:SIZE[@ADDRESS] whether an early map of that size fits",
};

const char *what_form(size_t i) { return i < ARRAY_SIZE(forms) ? forms[i] : NULL; }

/* Decimal, or hexadecimal behind 0x. */
static bool number(struct str s, uint64_t *ret)
{
	if (str_starts(s, STR("0x")) || str_starts(s, STR("0X")))
		return str_to_u64(str_skip(s, 2), 16, ret);
	return str_to_u64(s, 10, ret);
}

/* An address is hexadecimal, with or without 0x. */
static bool address(struct str s, uint64_t *ret)
{
	if (str_starts(s, STR("0x")) || str_starts(s, STR("0X")))
		s = str_skip(s, 2);
	return str_to_u64(s, 16, ret);
}

static bool is_virtual(uint64_t addr) { return addr >> 63; }

static bool parse_zone(struct str s, struct what *ret)
{
	struct str node;
	uint64_t nid;

	if (!str_cut(&s, '/', &node) || !s.n || !str_to_u64(node, 10, &nid) || nid >= MAX_NUMNODES)
		return false;
	ret->nid = (int)nid;
	ret->name = s;
	return true;
}

static bool parse_ioremap(struct str s, struct what *ret)
{
	struct str size;

	ret->has_at = str_find_char(s, '@') >= 0;
	if (!str_cut(&s, '@', &size) || !str_to_size(size, &ret->n))
		return false;
	return !ret->has_at || address(s, &ret->at);
}

static bool parse_rest(struct str rest, struct what *ret)
{
	switch (ret->kind) {
	case WHAT_PHYS:
		return address(rest, &ret->n) && !is_virtual(ret->n);
	case WHAT_VIRT:
		return address(rest, &ret->n);
	case WHAT_ZONE:
		return parse_zone(rest, ret);
	case WHAT_OWNER:
		ret->name = rest;
		return rest.n > 0;
	case WHAT_IOREMAP:
		return parse_ioremap(rest, ret);
	default:
		return number(rest, &ret->n);
	}
}

static bool parse_prefixed(struct str s, struct what *ret)
{
	static const struct {
		struct str prefix;
		enum what_kind kind;
	} prefixes[] = {
		{ STR("phys:"), WHAT_PHYS }, { STR("virt:"), WHAT_VIRT }, { STR("line:"), WHAT_LINE }, { STR("zone:"), WHAT_ZONE }, { STR("node:"), WHAT_NODE },
		{ STR("owner:"), WHAT_OWNER }, { STR("section:"), WHAT_SECTION }, { STR("block:"), WHAT_BLOCK }, { STR("slot:"), WHAT_SLOT },
		{ STR("ioremap:"), WHAT_IOREMAP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (!str_starts(s, prefixes[i].prefix))
			continue;
		ret->kind = prefixes[i].kind;
		return parse_rest(str_skip(s, prefixes[i].prefix.n), ret);
	}
	return false;
}

bool what_parse(struct str s, struct what *ret)
{
	static const struct {
		const char *word;
		enum what_kind kind;
	} words[] = { { "layout", WHAT_LAYOUT }, { "fixmap", WHAT_FIXMAP } };

	*ret = (struct what){ .text = s };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		ret->kind = words[i].kind;
		if (str_is(s, words[i].word))
			return true;
	}
	if (str_starts(s, STR("pfn:"))) {
		ret->kind = WHAT_PHYS;
		if (!number(str_skip(s, 4), &ret->n) || ret->n >= PFN_LIMIT >> 1)
			return false;
		ret->n = PFN_PHYS(ret->n);
		return true;
	}
	if (str_starts(s, STR("0x")) && address(s, &ret->n)) {
		ret->bare = true;
		ret->kind = is_virtual(ret->n) ? WHAT_VIRT : WHAT_PHYS;
		return true;
	}
	if (s.n == 16 && address(s, &ret->n) && is_virtual(ret->n)) {
		ret->kind = WHAT_VIRT;
		return true;
	}
	return parse_prefixed(s, ret);
}

/* --- rows --- */

struct answer *explain_answer(struct explainer *e) { return &e->out->v[e->current]; }

struct answer *explain_begin(struct explainer *e, const struct what *what, const char *kind)
{
	struct answer *a = vec_push(e->arena, e->out);

	*a = (struct answer){ .what = *what, .kind = kind, .found = true };
	e->current = e->out->nr - 1;
	return a;
}

__attribute__((format(printf, 2, 0))) static struct str vprintf_str(struct explainer *e, const char *format, va_list args)
{
	struct strbuf buf = { .arena = e->arena };

	strbuf_vprintf(&buf, format, args);
	return strbuf_str(&buf);
}

struct str explain_printf(struct explainer *e, const char *format, ...)
{
	struct str ret;
	va_list args;

	va_start(args, format);
	ret = vprintf_str(e, format, args);
	va_end(args);
	return ret;
}

void explain_sentence(struct explainer *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	explain_answer(e)->sentence = vprintf_str(e, format, args);
	va_end(args);
}

static struct answer_row *row(struct explainer *e, const char *id, const char *label, enum answer_kind kind, uint64_t v0, uint64_t v1)
{
	struct answer_row *r = vec_push(e->arena, explain_answer(e));

	*r = (struct answer_row){ .id = id, .label = label, .kind = kind, .v = { v0, v1 }, .source = SOURCE_DMESG };
	return r;
}

struct answer_row *row_unknown(struct explainer *e, const char *id, const char *label) { return row(e, id, label, ANSWER_UNKNOWN, 0, 0); }
struct answer_row *row_number(struct explainer *e, const char *id, const char *label, uint64_t n) { return row(e, id, label, ANSWER_NUMBER, n, 0); }
struct answer_row *row_address(struct explainer *e, const char *id, const char *label, uint64_t addr) { return row(e, id, label, ANSWER_ADDRESS, addr, 0); }
struct answer_row *row_range(struct explainer *e, const char *id, const char *label, uint64_t start, uint64_t end) { return row(e, id, label, ANSWER_RANGE, start, end); }
struct answer_row *row_bytes(struct explainer *e, const char *id, const char *label, uint64_t bytes) { return row(e, id, label, ANSWER_BYTES, bytes, 0); }
struct answer_row *row_pages(struct explainer *e, const char *id, const char *label, uint64_t pages) { return row(e, id, label, ANSWER_PAGES, pages, 0); }
struct answer_row *row_bool(struct explainer *e, const char *id, const char *label, bool yes) { return row(e, id, label, ANSWER_BOOL, yes, 0); }

struct answer_row *row_str(struct explainer *e, const char *id, const char *label, struct str text)
{
	struct answer_row *r = row(e, id, label, ANSWER_TEXT, 0, 0);

	r->text = text;
	return r;
}

struct answer_row *row_text(struct explainer *e, const char *id, const char *label, const char *format, ...)
{
	va_list args;
	struct str text;

	va_start(args, format);
	text = vprintf_str(e, format, args);
	va_end(args);
	return row_str(e, id, label, text);
}

void row_why(struct explainer *e, struct answer_row *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	r->why = vprintf_str(e, format, args);
	va_end(args);
}

void row_line(struct answer_row *r, uint32_t line)
{
	for (size_t i = 0; line && i < ARRAY_SIZE(r->lines); i++) {
		if (r->lines[i] == line)
			return;
		if (!r->lines[i]) {
			r->lines[i] = line;
			return;
		}
	}
}

void row_stage(struct answer_row *r, enum stage_id stage)
{
	r->stage = stage_name(stage);
	r->function = stage_kernel(stage);
}

struct str range_text(struct explainer *e, uint64_t start, uint64_t end) { return explain_printf(e, "0x%" PRIx64 "-0x%" PRIx64, start, end - 1); }

struct str bytes_text(struct explainer *e, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (bytes && !(bytes % 1024) && unit + 1 < ARRAY_SIZE(units)) {
		bytes /= 1024;
		unit++;
	}
	return explain_printf(e, "%" PRIu64 " %s", bytes, units[unit]);
}

/* --- dispatch --- */

void explain(struct arena *arena, const struct verdict *verdict, const struct what *what, struct answers *ret)
{
	static void (*const how[])(struct explainer *, const struct what *) = {
		[WHAT_PHYS] = explain_phys, [WHAT_VIRT] = explain_virt, [WHAT_LINE] = explain_line, [WHAT_ZONE] = explain_zone, [WHAT_NODE] = explain_node,
		[WHAT_OWNER] = explain_owner, [WHAT_SECTION] = explain_section, [WHAT_BLOCK] = explain_block, [WHAT_LAYOUT] = explain_layout,
		[WHAT_FIXMAP] = explain_fixmap, [WHAT_SLOT] = explain_slot, [WHAT_IOREMAP] = explain_ioremap,
	};
	struct explainer e = { .arena = arena, .verdict = verdict, .b = verdict->boot, .record = verdict->record, .out = ret };

	layout_of_boot(arena, verdict->boot, &e.layout);
	/* On 32 bits an address of the kernel may be a physical one as well. */
	if (what->bare && e.layout.arch == ARCH_I386 && what->n >= e.layout.page_offset.v && what->n < UINT64_C(1) << 32)
		explain_virt(&e, what);
	how[what->kind](&e, what);
}
