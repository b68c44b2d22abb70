/*
 * predict_answers_pools.c - huge pages, memory for contiguous allocations, the log buffer, movable memory and emulated nodes: is
 * what was asked for there?
 */
#include <inttypes.h>
#include <string.h>

#include "mia/arena.h"
#include "predict_answers.h"

#define HUGE_BYTES (2 * MIB)

/* --- gigantic pages --- */

static void say_gigantic_room(struct answerer *a)
{
	const struct boot *b = a->b;
	bool any = false;

	for (size_t n = 0; n < b->nr_nodes; n++) {
		if (!b->node[n].online)
			continue;
		strbuf_printf(&a->s, "%snode %zu has room for %" PRIu64, any ? ", " : "", n, b->node[n].gigantic_room);
		any = true;
	}
	strbuf_char(&a->s, '.');
}

static void answer_gigantic(struct answerer *a)
{
	const struct boot *b = a->b;
	const struct kaslr_trials *t = a->out->trials;

	if (!b->gigantic_asked) {
		const struct cmdline_option *size = cmdline_last(b->cmdline, "hugepagesz");

		if (!size || !size->value.p || str_memparse(size->value, NULL) != GIB || b->machine->gbpages)
			return;
		strbuf_printf(&a->s, "1 GiB pages: this CPU has none; the option is ignored.");
		answer_finish(a, "gigantic", true);
		return;
	}
	strbuf_printf(&a->s, "1 GiB pages: %s%zu of %" PRIu64 "; ", b->gigantic.nr < b->gigantic_asked ? "only " : "", b->gigantic.nr, b->gigantic_asked);
	say_gigantic_room(a);
	if (t ? t->gigantic_short && t->gigantic_short < t->nr : a->out->gigantic_short && a->out->gigantic_short < a->out->nr_boots) {
		strbuf_printf(&a->s, " Fewer than asked for");
		answer_say_chance(a, t ? t->gigantic_short : 0, a->out->gigantic_short);
		strbuf_char(&a->s, '.');
	}
	answer_finish(a, "gigantic", b->gigantic.nr < b->gigantic_asked);
}

/* --- pages of 2 MiB --- */

/* What the first hugepages= of this size asks for; the kernel ignores those behind it. */
static uint64_t huge_asked(const struct cmdline *cmdline)
{
	uint64_t size = HUGE_BYTES;

	for (size_t i = 0; i < cmdline->nr; i++) {
		const struct cmdline_option *o = &cmdline->v[i];

		if (!o->value.p)
			continue;
		if (cmdline_same(o->name, "hugepagesz") || cmdline_same(o->name, "default_hugepagesz"))
			size = str_memparse(o->value, NULL);
		else if (cmdline_same(o->name, "hugepages") && size == HUGE_BYTES && str_find_char(o->value, ':') < 0)
			return str_memparse(o->value, NULL);
	}
	return 0;
}

/* They are taken from the buddy allocator, so MemTotal counts them. */
static void answer_huge(struct answerer *a)
{
	uint64_t asked = huge_asked(a->b->cmdline), room = PFN_PHYS(a->b->totalram.v) / HUGE_BYTES;

	if (!asked || a->b->machine->arch == ARCH_MIPS)
		return;
	if (asked > room)
		strbuf_printf(&a->s, "2 MiB pages: %" PRIu64 " do not fit: MemTotal is room for %" PRIu64 " at most, and the kernel takes as many as it finds, so that hardly anything is left to boot with.",
			      asked, room);
	else {
		strbuf_printf(&a->s, "2 MiB pages: %" PRIu64 " take ", asked);
		answer_say_size(&a->s, asked * HUGE_BYTES);
		strbuf_printf(&a->s, " of MemTotal, which still counts them.");
	}
	answer_finish(a, "huge", asked > room);
}

/* --- contiguous memory --- */

static void answer_cma(struct answerer *a)
{
	const struct cmdline_option *o = cmdline_last(a->b->cmdline, "cma");

	if (!o || !o->value.p || !str_memparse(o->value, NULL))
		return;
	strbuf_printf(&a->s, "cma=%.*s: ", STR_ARG(o->value));
	if (phys_len(a->b->cma))
		answer_say_range(&a->s, a->b->cma);
	else
		strbuf_printf(&a->s, "%s", a->b->kernel->has_cma ? "it does not fit; there is no such area" : "this kernel is not known to obey it; there is no such area");
	strbuf_char(&a->s, '.');
	answer_finish(a, "cma", !phys_len(a->b->cma));
}

static void answer_log_buf(struct answerer *a)
{
	const struct cmdline_option *o = cmdline_last(a->b->cmdline, "log_buf_len");

	if (!o || !o->value.p)
		return;
	strbuf_printf(&a->s, "log_buf_len=%.*s: ", STR_ARG(o->value));
	if (a->b->log_buf_bytes)
		answer_say_size(&a->s, a->b->log_buf_bytes);
	else
		strbuf_printf(&a->s, "the buffer that is built in stays: it is as large, or what is asked for does not fit with its records");
	strbuf_char(&a->s, '.');
	answer_finish(a, "log_buf", !a->b->log_buf_bytes);
}

void answer_pools(struct answerer *a)
{
	answer_gigantic(a);
	answer_huge(a);
	answer_cma(a);
	answer_log_buf(a);
}

/* --- movable memory, emulated nodes --- */

static void answer_movable(struct answerer *a)
{
	static const char *const options[] = { "kernelcore", "movablecore", "movable_node" };
	const struct boot *b = a->b;
	bool asked = false, any = false;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		asked |= cmdline_has(b->cmdline, options[i]);
	if (!asked)
		return;
	strbuf_printf(&a->s, "Movable memory: ");
	for (size_t n = 0; n < b->nr_nodes; n++) {
		const struct zone *z = &b->node[n].zone[ZONE_MOVABLE];

		if (!z->present)
			continue;
		strbuf_printf(&a->s, "%s", any ? ", " : "");
		answer_say_size(&a->s, PFN_PHYS(z->present));
		strbuf_printf(&a->s, " on node %zu from 0x%" PRIx64, n, PFN_PHYS(z->span.start));
		any = true;
	}
	strbuf_printf(&a->s, any ? "." : "none; what the options ask for leaves no memory that is only movable.");
	answer_finish(a, "movable", !any);
}

static void answer_fake(struct answerer *a)
{
	const struct cmdline_option *o = cmdline_last(a->b->cmdline, "numa");

	if (!o || !o->value.p || !str_starts(o->value, STR("fake=")))
		return;
	if (a->b->numa_fake)
		strbuf_printf(&a->s, "numa=%.*s: %zu nodes are emulated.", STR_ARG(o->value), a->b->nr_online);
	else
		strbuf_printf(&a->s, "numa=%.*s: no node is emulated. Each needs 32 MiB at least, and a kernel that was built for it.", STR_ARG(o->value));
	answer_finish(a, "numa-fake", !a->b->numa_fake);
}

void answer_zones(struct answerer *a)
{
	answer_movable(a);
	answer_fake(a);
}
