/* triage_pair.c - the rules that compare two boots. */
#include <inttypes.h>

#include "mia/arena.h"
#include "mia/ranges.h"
#include "triage.h"

static uint64_t crash_bytes(const struct triage *t)
{
	int64_t bytes = triage_ledger(t, "crashkernel") + triage_ledger(t, "crashkernel.low");

	return bytes > 0 ? (uint64_t)bytes : 0;
}

static const char *or_none(const char *option) { return option ? option : "no crashkernel="; }

/* Is it another option, or the same one that gives another size on another machine? */
static void crashkernel_change(struct triage *a, struct triage *b)
{
	const char *option_a = or_none(triage_option(a, "crashkernel")), *option_b = or_none(triage_option(b, "crashkernel"));
	uint64_t bytes_a = crash_bytes(a), bytes_b = crash_bytes(b);
	struct finding *f;

	if (!strcmp(option_a, option_b) && bytes_a == bytes_b)
		return;
	b->rule = triage_rule_find("crashkernel-default-change");
	f = triage_add(b, SEVERITY_NOTE, "The crash kernel changed from %s to %s: %s, then %s%s", triage_size(b, bytes_a),
		       triage_size(b, bytes_b), option_a, option_b, triage_at(b, triage_cmdline_line(b)));
	if (!strcmp(option_a, option_b))
		f->detail =
			"The option is the same on both boots; what is reserved depends on the memory that the kernel finds, and on its rules.";
	triage_bytes(f, bytes_a > bytes_b ? bytes_a - bytes_b : bytes_b - bytes_a);
	triage_line(f, triage_cmdline_line(b));
}

static struct phys_ranges ram_of(const struct triage *t)
{
	struct phys_ranges ram = { 0 };

	for (size_t i = 0; i < t->machine->e820.nr; i++)
		if (t->machine->e820.v[i].type == E820_TYPE_RAM)
			ranges_add(t->arena, &ram, (struct phys_range){ t->machine->e820.v[i].start, t->machine->e820.v[i].end });
	return ram;
}

/* The first range that the one has and the other has not. */
static struct phys_range first_difference(struct arena *arena, const struct phys_ranges *have, const struct phys_ranges *lack)
{
	struct phys_ranges left = { 0 };

	for (size_t i = 0; i < have->nr; i++)
		ranges_add(arena, &left, have->v[i]);
	for (size_t i = 0; i < lack->nr; i++)
		ranges_remove(arena, &left, lack->v[i]);
	return left.nr ? left.v[0] : (struct phys_range){ 0, 0 };
}

/* The same board and BIOS by DMI, on a real machine: what a guest is given is the hypervisor's business. */
static bool same_firmware(const struct triage *a, const struct triage *b)
{
	return a->machine->dmi.n && str_eq(a->machine->dmi, b->machine->dmi) && str_eq(a->machine->bios, b->machine->bios) &&
	       !a->machine->hypervisor && !b->machine->hypervisor;
}

/* Memory comes in modules of whole gibibytes, and nobody else takes such: it is another machine of that model, or a changed one. */
bool triage_other_modules(const struct dram *a, const struct dram *b)
{
	uint64_t delta = a->installed_bytes > b->installed_bytes ? a->installed_bytes - b->installed_bytes : b->installed_bytes - a->installed_bytes;

	return delta && !(delta % GIB);
}

/* Loaders keep a few pages for themselves; only more than this is a loss. */
#define LOADER_LEAST MIB

static void bootloader_change(struct triage *a, struct triage *b)
{
	struct phys_ranges ram_a = ram_of(a), ram_b = ram_of(b);
	uint64_t bytes_a = ranges_bytes(&ram_a), bytes_b = ranges_bytes(&ram_b),
		 delta = bytes_a > bytes_b ? bytes_a - bytes_b : bytes_b - bytes_a;
	struct phys_range where =
		bytes_a > bytes_b ? first_difference(b->arena, &ram_a, &ram_b) : first_difference(b->arena, &ram_b, &ram_a);
	struct finding *f;

	if (!ram_a.nr || !ram_b.nr || !same_firmware(a, b) || delta < LOADER_LEAST || triage_other_modules(&a->v->dram, &b->v->dram))
		return;
	b->rule = triage_rule_find("bootloader-diff");
	f = triage_add(b, SEVERITY_ERROR, "The same firmware gave %s of RAM, then %s: %s differ, at %s first",
		       triage_size(b, bytes_a), triage_size(b, bytes_b), triage_size(b, delta), triage_range(b, where));
	triage_bytes(f, delta);
	triage_line(f, triage_line_of(b, FACT_E820_ENTRY));
}

void triage_pair(struct arena *arena, const struct verdict *a, const struct verdict *b, struct findings *ret)
{
	struct triage first = triage_of(arena, a, ret), second = triage_of(arena, b, ret);

	bootloader_change(&first, &second);
	crashkernel_change(&first, &second);
}
