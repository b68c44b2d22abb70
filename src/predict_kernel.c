/* predict_kernel.c - the kernel of a boot at hand, to be booted again; see predict.h. */
#include "mia/learn.h"
#include "predict.h"
#include "stages.h"

/* Lines of a log that was another boot's prove nothing here. */
static void forget_lines(struct kernel *k)
{
#define QUANTITY(member, shared, group, key, doc)                                                                     \
	k->member.line = 0;                                                                                           \
	if (k->member.known == KNOWN_SAID)                                                                            \
		k->member.known = KNOWN_PROFILE;
#include "mia/quantities.def"
#undef QUANTITY
	for (size_t i = 1; i < NR_TRAITS; i++)
		k->traits.t[i].line = 0;
}

/* The size of low memory was said for the vmalloc= of that boot. */
static void without_vmalloc_option(const struct cmdline *cmdline, struct kernel *k)
{
	const struct cmdline_option *vmalloc = cmdline_last(cmdline, "vmalloc");

	if (vmalloc && vmalloc->value.p && k->low_ram_limit.known == KNOWN_SAID)
		k->low_ram_limit.v += vmalloc_reserve(vmalloc->value) - 128 * MIB;
}

/* What the Memory: line tells about an image of estimated size. */
static void learn_from_balance(const struct verdict *v, struct kernel *k)
{
	const struct boot *b = v->boot;

	if (k->image.span.known < KNOWN_PROFILE && phys_len(b->image))
		k->image.span.v = phys_len(b->image) + PFN_PHYS((uint64_t)b->balance.image_pages);
}

void kernel_of_boot(struct arena *arena, const struct verdict *v, struct kernel *ret)
{
	struct kernel learnt = { 0 };

	*ret = *v->kernel;
	if (!ret->has_profile) {
		learn_boot(arena, v->record, v->boot, &learnt);
		learnt.image_in_2m = ret->image_in_2m;
		learnt.cma_denied = ret->cma_denied;
		*ret = learnt;
		learn_from_balance(v, ret);
	}
	without_vmalloc_option(v->boot->cmdline, ret);
	forget_lines(ret);
}
