/*
 * predict_answers.c - what a prediction means, in sentences: does it fit, how much is there, what would fit.
 *
 * Each answer looks at one thing that the command line or the caller asks for; what nobody asked for is left to the numbers.
 */
#include <inttypes.h>
#include <string.h>

#include "mia/arena.h"
#include "mia/takers.h"
#include "predict_answers.h"

#define PAGES_PER_SECTION (UINT64_C(1) << 15)
#define SECTION_BYTES (PAGES_PER_SECTION * PAGE_SIZE)
/* What a crash kernel needs beside its image and twice its RAM disk. */
#define CRASH_WORK_BYTES (64 * MIB)
/* Struct pages of holes that are worth a sentence. */
#define WORTH_TELLING (2 * MIB)

/* --- words --- */

void answer_say_size(struct strbuf *s, uint64_t bytes)
{
	if (bytes >= 4 * GIB && !(bytes % GIB))
		strbuf_printf(s, "%" PRIu64 " GiB", bytes / GIB);
	else if (bytes >= MIB && !(bytes % MIB))
		strbuf_printf(s, "%" PRIu64 " MiB", bytes / MIB);
	else if (bytes >= MIB)
		strbuf_printf(s, "%.1f MiB", (double)bytes / (double)MIB);
	else
		strbuf_printf(s, "%" PRIu64 " KiB", bytes / KIB);
}

void answer_say_range(struct strbuf *s, struct phys_range r)
{
	answer_say_size(s, phys_len(r));
	strbuf_printf(s, " at 0x%" PRIx64 "-0x%" PRIx64, r.start, r.end ? r.end - 1 : 0);
}

void answer_finish(struct answerer *a, const char *id, bool bad)
{
	*vec_push(a->s.arena, &a->out->outcomes) = (struct outcome){ id, bad, strbuf_str(&a->s).p };
	a->s = (struct strbuf){ .arena = a->s.arena };
}

/* ", in 12 of 1000 random placements", or of the boots tried where there were no trials. */
void answer_say_chance(struct answerer *a, uint64_t trials, size_t tried)
{
	const struct kaslr_trials *t = a->out->trials;

	if (t)
		strbuf_printf(&a->s, " (in %" PRIu64 " of %" PRIu64 " random placements of the image)", trials, t->nr);
	else if (tried && tried < a->out->nr_boots)
		strbuf_printf(&a->s, " (in %zu of %zu places of the image that were tried; --kaslr-trials tells how likely that is)", tried, a->out->nr_boots);
}

/* --- MemTotal against the boot at hand --- */

static int64_t row_bytes(const struct ledger *ledger, const char *id)
{
	const struct ledger_row *row = ledger_find(ledger, id);

	return row ? row->bytes : 0;
}

struct change {
	const char *label;
	int64_t bytes; /* more than before */
};

#define NAMED_CHANGES 3

static int64_t magnitude(int64_t v) { return v < 0 ? -v : v; }

/* Keeps the largest few. */
static void note_change(struct change *top, const char *label, int64_t bytes)
{
	struct change c = { label, bytes };

	for (size_t i = 0; i < NAMED_CHANGES && c.bytes; i++)
		if (magnitude(c.bytes) > magnitude(top[i].bytes)) {
			struct change other = top[i];

			top[i] = c;
			c = other;
		}
}

static int64_t taken(const struct takers *takers, const char *id)
{
	for (size_t i = 0; i < takers->nr; i++)
		if (!strcmp(takers->v[i].row->id, id))
			return takers->v[i].bytes;
	return 0;
}

/* Owners that keep more or less than before; and how much there is at all. */
static void find_changes(struct arena *arena, const struct ledger *before, const struct ledger *now, struct change *top)
{
	struct takers was, is;

	takers_rank(arena, before, &was);
	takers_rank(arena, now, &is);
	if (now->nr && before->nr)
		note_change(top, now->v[0].label, now->v[0].bytes - before->v[0].bytes);
	for (size_t i = 0; i < is.nr; i++)
		note_change(top, is.v[i].row->label, is.v[i].bytes - taken(&was, is.v[i].row->id));
	for (size_t i = 0; i < was.nr; i++)
		if (!taken(&is, was.v[i].row->id))
			note_change(top, was.v[i].row->label, -was.v[i].bytes);
}

/* --- whether it boots at all, and with all of its map --- */

/* What the kernel panics without; for everything else it asks again, for less or in parts, or goes on. */
static bool is_vital(enum owner owner)
{
	return owner == OWNER_REAL_MODE || owner == OWNER_PAGE_TABLES || owner == OWNER_MEM_SECTION || owner == OWNER_USEMAP || owner == OWNER_RESOURCES || owner == OWNER_PERCPU;
}

static const struct allocation *first_failed(const struct boot *b)
{
	for (size_t i = 0; i < b->allocations.nr; i++)
		if (!b->allocations.v[i].base && b->allocations.v[i].request.size && is_vital(b->allocations.v[i].owner))
			return &b->allocations.v[i];
	return NULL;
}

static void answer_boots(struct answerer *a)
{
	const struct allocation *failed = first_failed(a->b);
	bool asked = cmdline_has(a->b->cmdline, "memmap") || cmdline_has(a->b->cmdline, "mem");

	if (!a->b->physpages)
		strbuf_printf(&a->s, "This does not boot: the map has no memory that the kernel could use.");
	else if (a->out->image_hit == a->out->nr_boots && !asked)
		strbuf_printf(&a->s, "This does not boot: there is no RAM where the kernel's image would lie.");
	else if (failed) {
		strbuf_printf(&a->s, "This may not boot: early memory runs out, there is no room for ");
		answer_say_size(&a->s, failed->request.size);
		strbuf_printf(&a->s, " (%s).", owner_label(failed->owner));
	} else
		return;
	answer_finish(a, "boots", true);
}

static void answer_ignored(struct answerer *a)
{
	if (!a->out->map_ignored)
		return;
	strbuf_printf(&a->s, "The firmware's map is too long: the last %" PRIu64 " ranges are ignored, ", a->out->map_ignored);
	answer_say_size(&a->s, a->out->map_ignored_bytes);
	strbuf_printf(&a->s, " of RAM in them.");
	answer_finish(a, "map", true);
}

static void answer_command_line(struct answerer *a)
{
	if (a->p->in->command_line.n == a->b->cmdline->text.n)
		return;
	strbuf_printf(&a->s, "The command line has %zu characters, of which the kernel reads the first %zu: what stands behind them is ignored.",
		      a->p->in->command_line.n, a->b->cmdline->text.n);
	answer_finish(a, "command-line", true);
}

static void answer_total(struct answerer *a)
{
	const struct verdict *before = a->p->in->before;
	struct change top[NAMED_CHANGES] = { { NULL, 0 } };
	int64_t change;

	if (!before || before->boot->totalram.basis == AMOUNT_UNKNOWN)
		return;
	a->out->has_before = true;
	a->out->before_kib = pages_to_kib(before->boot->totalram.v);
	change = (int64_t)pages_to_kib(a->b->totalram.v) - (int64_t)a->out->before_kib;
	if (!change)
		return;
	find_changes(a->s.arena, &before->ledger, &a->v->ledger, top);
	strbuf_printf(&a->s, "MemTotal becomes %" PRIu64 " kB, %" PRId64 " kB %s than the %" PRIu64 " kB of the boot at hand", pages_to_kib(a->b->totalram.v), magnitude(change),
		      change < 0 ? "less" : "more", a->out->before_kib);
	for (size_t i = 0; i < NAMED_CHANGES && top[i].label && magnitude(top[i].bytes) >= (int64_t)(64 * KIB); i++) {
		strbuf_printf(&a->s, "%s%s %s", i ? ", " : ": ", top[i].label, top[i].bytes < 0 ? "-" : "+");
		answer_say_size(&a->s, (uint64_t)magnitude(top[i].bytes));
	}
	strbuf_char(&a->s, '.');
	answer_finish(a, "mem_total", false);
}

/* --- crash kernel --- */

/* Below which address it is looked for first. */
static const char *low_words(const struct answerer *a)
{
	if (a->b->machine->arch == ARCH_I386)
		return "below 512 MiB";
	return boot_trait(a->b, TRAIT_CRASH_SEARCH) == CRASH_UNDER_896M ? "below 896 MiB" : "below 4 GiB";
}

/* A free range, or how its size varies with the image's place. */
static void say_hole(struct answerer *a, uint64_t min, uint64_t max, struct phys_range here)
{
	if (min == max) {
		answer_say_range(&a->s, here);
		return;
	}
	answer_say_size(&a->s, min);
	strbuf_printf(&a->s, " to ");
	answer_say_size(&a->s, max);
	strbuf_printf(&a->s, ", by where the image lies");
}

static void say_holes(struct answerer *a)
{
	const struct boot *b = a->b;

	strbuf_printf(&a->s, " The largest free range %s is ", low_words(a));
	say_hole(a, a->out->crash_hole_min, a->out->crash_hole_max, b->crash_hole_low);
	if (phys_len(b->crash_hole_high)) {
		strbuf_printf(&a->s, "; above 4 GiB, for crashkernel=SIZE,high, it is ");
		answer_say_range(&a->s, b->crash_hole_high);
	}
	strbuf_char(&a->s, '.');
}

/* crashkernel= that reserves nothing, for it only says how something else is to be split. */
static void answer_crash_unheard(struct answerer *a)
{
	const struct cmdline_option *o = cmdline_last(a->b->cmdline, "crashkernel");

	if (!o || !o->value.p)
		return;
	if (str_is(o->value, "0")) {
		strbuf_printf(&a->s, "crashkernel=0: no memory is kept for a crash kernel.");
		answer_finish(a, "crashkernel", false);
		return;
	}
	strbuf_printf(&a->s, "crashkernel=%.*s reserves nothing here", STR_ARG(o->value));
	if (str_ends(o->value, STR(",low")))
		strbuf_printf(&a->s, ": it only sizes the part below 4 GiB of crashkernel=SIZE,high");
	else if (str_find_char(o->value, ':') >= 0)
		strbuf_printf(&a->s, ": no range of it holds this amount of memory");
	strbuf_char(&a->s, '.');
	say_holes(a);
	answer_finish(a, "crashkernel", true);
}

static void answer_crash_failed(struct answerer *a)
{
	const struct boot *b = a->b;

	strbuf_printf(&a->s, "crashkernel: ");
	answer_say_size(&a->s, b->crash_low_failed ? b->crash_low_bytes : b->crash_asked_bytes);
	strbuf_printf(&a->s, " do not fit");
	if (b->crash_low_failed)
		strbuf_printf(&a->s, " below 4 GiB, where the high reservation needs them");
	else if (b->crash_asked_base)
		strbuf_printf(&a->s, " at 0x%" PRIx64 ": something else lies there", b->crash_asked_base);
	answer_say_chance(a, a->out->trials ? a->out->trials->crash_failed : 0, a->out->crash_failed);
	strbuf_printf(&a->s, "; there will be no crash kernel.");
	say_holes(a);
	answer_finish(a, "crashkernel", true);
}

static void answer_crash_fits(struct answerer *a)
{
	const struct boot *b = a->b;

	strbuf_printf(&a->s, "crashkernel: fits, ");
	answer_say_range(&a->s, b->crashkernel);
	if (b->crash_low_bytes) {
		strbuf_printf(&a->s, " and ");
		answer_say_size(&a->s, b->crash_low_bytes);
		strbuf_printf(&a->s, " below 4 GiB");
	}
	strbuf_char(&a->s, '.');
	if (a->out->crash_failed || (a->out->trials && a->out->trials->crash_failed)) {
		strbuf_printf(&a->s, " But not always: it fails");
		answer_say_chance(a, a->out->trials ? a->out->trials->crash_failed : 0, a->out->crash_failed);
		strbuf_char(&a->s, '.');
		answer_finish(a, "crashkernel", true);
		return;
	}
	answer_finish(a, "crashkernel", false);
}

/* A crash kernel is a kernel: its image, its RAM disk packed and unpacked, and something to work with. */
static void answer_crash_size(struct answerer *a)
{
	uint64_t initrd = phys_len(a->b->machine->ramdisk), image = a->b->kernel->image.span.v, want = image + 2 * initrd + CRASH_WORK_BYTES;

	if (!a->b->crash_asked_bytes || !image || a->b->crash_asked_bytes >= want)
		return;
	strbuf_printf(&a->s, "A crash kernel of ");
	answer_say_size(&a->s, a->b->crash_asked_bytes);
	strbuf_printf(&a->s, " may run out of memory: this kernel's image, twice its RAM disk and 64 MiB are ");
	answer_say_size(&a->s, want);
	strbuf_char(&a->s, '.');
	answer_finish(a, "crashkernel-size", true);
}

static void answer_crash(struct answerer *a)
{
	if (!a->b->crash_asked_bytes)
		answer_crash_unheard(a);
	else if (a->b->crash_failed_bytes)
		answer_crash_failed(a);
	else
		answer_crash_fits(a);
	answer_crash_size(a);
}

/* --- bounce buffer --- */

/* It is only for devices that cannot reach all of memory, and what they cannot reach lies above 4 GiB. */
static void answer_no_swiotlb(struct answerer *a)
{
	strbuf_printf(&a->s, "swiotlb: no bounce buffer, none is needed: no memory lies above 4 GiB, or the command line says so.");
	if (!cmdline_is(a->b->cmdline, "swiotlb", "noforce"))
		strbuf_printf(&a->s, " swiotlb=SIZE,force makes one.");
	answer_finish(a, "swiotlb", !cmdline_is(a->b->cmdline, "swiotlb", "noforce"));
}

static void answer_swiotlb(struct answerer *a)
{
	const struct boot *b = a->b;
	const struct prediction *p = a->out;
	uint64_t chance = p->trials ? p->trials->swiotlb_failed : 0;
	bool less = phys_len(b->swiotlb) < b->swiotlb_asked_bytes, sometimes = !less && (chance || p->swiotlb_failed);

	if (!cmdline_has(b->cmdline, "swiotlb"))
		return;
	if (!b->swiotlb_asked_bytes) {
		answer_no_swiotlb(a);
		return;
	}
	strbuf_printf(&a->s, "swiotlb: ");
	if (less) {
		answer_say_size(&a->s, b->swiotlb_asked_bytes);
		strbuf_printf(&a->s, " do not fit; ");
	}
	if (phys_len(b->swiotlb))
		answer_say_range(&a->s, b->swiotlb);
	else
		strbuf_printf(&a->s, "there is no bounce buffer");
	if (sometimes) {
		strbuf_printf(&a->s, ". But not always: it fails");
		answer_say_chance(a, chance, p->swiotlb_failed);
	}
	strbuf_char(&a->s, '.');
	if (less || sometimes) {
		strbuf_printf(&a->s, " The largest free range below 4 GiB is ");
		say_hole(a, p->swiotlb_hole_min, p->swiotlb_hole_max, b->swiotlb_hole);
		strbuf_char(&a->s, '.');
	}
	answer_finish(a, "swiotlb", less || sometimes);
}

/* --- memmap= and mem= --- */

static void answer_map(struct answerer *a)
{
	const struct kaslr_trials *t = a->out->trials;
	int64_t cut = row_bytes(&a->v->ledger, "cut.command_line");
	bool hit = a->out->image_hit || (t && t->image_hit);

	if (!cmdline_has(a->b->cmdline, "memmap") && !cmdline_has(a->b->cmdline, "mem"))
		return;
	strbuf_printf(&a->s, "mem= and memmap= take ");
	answer_say_size(&a->s, (uint64_t)magnitude(cut));
	strbuf_printf(&a->s, " %s.", cut < 0 ? "more than there is" : "from the map");
	if (hit) {
		strbuf_printf(&a->s, " They hit the kernel's own image, which the kernel then puts back into the map");
		answer_say_chance(a, t ? t->image_hit : 0, a->out->image_hit);
		strbuf_char(&a->s, '.');
	} else {
		strbuf_printf(&a->s, " They do not touch the kernel's image%s.", a->out->places.nr ? ", wherever it may lie" : "");
	}
	answer_finish(a, "memmap", hit || cut < 0);
}

/* --- sections, regions, struct pages --- */

static void count_straddled(struct answerer *a)
{
	const struct memblock_type *memory = &a->b->memblock.memory;
	const struct ledger_row *holes = ledger_find(&a->v->ledger, "memmap.holes");
	uint64_t last = UINT64_MAX;

	for (size_t i = 0; i < memory->nr; i++) {
		uint64_t borders[2] = { memory->v[i].base, memory->v[i].end };

		/* Where memory goes on in the next region, it is no border. */
		for (size_t k = 0; k < 2; k++) {
			bool joined = k ? i + 1 < memory->nr && memory->v[i + 1].base == borders[1] : i && memory->v[i - 1].end == borders[0];

			if (borders[k] % SECTION_BYTES && !joined && borders[k] / SECTION_BYTES != last) {
				a->out->straddled_sections++;
				last = borders[k] / SECTION_BYTES;
			}
		}
	}
	a->out->hole_memmap_bytes = holes ? (uint64_t)holes->bytes : 0;
	a->out->memory_regions = memory->nr;
}

static void answer_sections(struct answerer *a)
{
	count_straddled(a);
	if (a->out->hole_memmap_bytes < WORTH_TELLING)
		return;
	strbuf_printf(&a->s, "%" PRIu64 " sections of 128 MiB are memory only in part: struct pages of their holes take ", a->out->straddled_sections);
	answer_say_size(&a->s, a->out->hole_memmap_bytes);
	strbuf_char(&a->s, '.');
	answer_finish(a, "sections", false);
}

static void answer_regions(struct answerer *a)
{
	const struct memblock *mb = &a->b->memblock;

	if (mb->memory.nr <= MEMBLOCK_INIT_REGIONS && !mb->overflowed)
		return;
	strbuf_printf(&a->s, "%zu regions of memory: memblock's table of %d is full and is doubled; ", mb->memory.nr, MEMBLOCK_INIT_REGIONS);
	strbuf_printf(&a->s, mb->overflowed ? "there is no room for that, and what does not fit is lost." : "there is room for that.");
	answer_finish(a, "regions", mb->overflowed);
}

static uint64_t struct_page_bytes(const struct boot *b)
{
	return is_known(b->kernel->struct_page) ? b->kernel->struct_page.v : (uint64_t)boot_trait(b, TRAIT_STRUCT_PAGE);
}

static void answer_memory(struct answerer *a)
{
	int64_t memmap = row_bytes(&a->v->ledger, "memmap");

	if (!a->p->in->memory_changed || memmap <= 0)
		return;
	strbuf_printf(&a->s, "Struct pages, %" PRIu64 " bytes for each page, take ", struct_page_bytes(a->b));
	answer_say_size(&a->s, (uint64_t)memmap);
	strbuf_printf(&a->s, ", %.2f %% of the memory.", 100.0 * (double)memmap / (double)PFN_PHYS(a->b->physpages));
	answer_finish(a, "memmap-cost", false);
}

/* --- memory plugged in later --- */

static void answer_hotplug(struct answerer *a)
{
	struct hotplug *h = a->out->hotplug;
	const struct boot *b = a->b;
	uint64_t free = PFN_PHYS(b->totalram.v), per_page = struct_page_bytes(b), block = b->block_size ? b->block_size : SECTION_BYTES;

	if (!a->p->in->hotplug_bytes)
		return;
	a->out->hotplug = h = arena_new(a->s.arena, struct hotplug);
	h->bytes = a->p->in->hotplug_bytes;
	h->nid = a->p->in->hotplug_node;
	h->memmap_bytes = (h->bytes >> PAGE_SHIFT) * per_page;
	h->most_bytes = align_down(free / per_page * PAGE_SIZE, block);
	strbuf_printf(&a->s, "Plugging in ");
	answer_say_size(&a->s, h->bytes);
	strbuf_printf(&a->s, " takes ");
	answer_say_size(&a->s, h->memmap_bytes);
	strbuf_printf(&a->s, " of the memory that is there for its struct pages; MemTotal is ");
	answer_say_size(&a->s, align_down(free, MIB));
	strbuf_printf(&a->s, ": %s. At most ", h->memmap_bytes < free ? "it fits if that much is free" : "it fails");
	answer_say_size(&a->s, h->most_bytes);
	strbuf_printf(&a->s, " could be described by all of it.");
	if (h->bytes % block) {
		strbuf_printf(&a->s, " Memory is plugged in by blocks of ");
		answer_say_size(&a->s, block);
		strbuf_printf(&a->s, ": this size is refused.");
	}
	answer_finish(a, "hotplug", h->memmap_bytes >= free || h->bytes % block);
}

/* --- chance --- */

static void answer_trials(struct answerer *a)
{
	const struct kaslr_trials *t = a->out->trials;

	if (!t)
		return;
	strbuf_printf(&a->s, "%" PRIu64 " random placements of the image (seed %" PRIu64 ", %" PRIu64 " slots): MemTotal is %" PRIu64 " kB in the middle, ", t->nr, t->seed, t->slots,
		      pages_to_kib(t->mem_total.median));
	strbuf_printf(&a->s, "%" PRIu64 " to %" PRIu64 " kB in all.", pages_to_kib(t->mem_total.min), pages_to_kib(t->mem_total.max));
	answer_finish(a, "kaslr", false);
}

void predict_answer(const struct predictor *p, const struct verdict *verdict)
{
	struct answerer a = { .p = p, .v = verdict, .b = verdict->boot, .out = p->out, .s = { .arena = p->arena } };

	answer_boots(&a);
	answer_ignored(&a);
	answer_command_line(&a);
	if (!a.b->physpages)
		return;
	answer_total(&a);
	answer_crash(&a);
	answer_pools(&a);
	answer_swiotlb(&a);
	answer_map(&a);
	answer_zones(&a);
	answer_hotplug(&a);
	answer_regions(&a);
	answer_sections(&a);
	answer_memory(&a);
	answer_trials(&a);
}
