/*
 * verify_nodes.c - nodes as the running system shows them: memory, CPUs, distances.
 */
#include "verify.h"

/* Of a node of 2.6.32, all its pages; later, those that the page allocator got. */
static struct amount node_pages(const struct boot *b, const struct pgdat *node)
{
	struct amount sum = { .basis = AMOUNT_EXACT };

	if (boot_trait(b, TRAIT_MANAGED_MEANS) == MANAGED_ABSENT) {
		for (size_t z = 0; z < b->nr_zones; z++)
			sum.v += node->zone[b->zone_order[z]].present;
		sum.min = sum.max = sum.v;
		return sum;
	}
	for (size_t z = 0; z < b->nr_zones; z++) {
		const struct zone *zone = &node->zone[b->zone_order[z]];

		if (zone->present || zone->managed.v)
			amount_sum(&sum, zone->managed);
	}
	return sum;
}

static void verify_total(struct verifier *v, const struct node_file *file, const struct pgdat *node)
{
	struct check_of of = { "node.mem_total_kib", verify_name(v, "node %d", file->id), SOURCE_NODES, file->mem_total_kib.line, STAGE_LATE };
	struct amount pages = node_pages(v->boot, node);
	struct check *c = verify_add(v, &of, pages.basis == AMOUNT_UNKNOWN || v->boot->onlined_later ? value_unknown : value_number(pages_to_kib(pages.v)), value_said(file->mem_total_kib));

	verify_allow_amount(c, pages, kib_to_pages(file->mem_total_kib.value), "bounded: which node some pages are from is not known");
	verify_excuse(c, verify_changed_since(v));
}

/* numactl and /sys list distances to nodes that are online, in order. */
static void verify_distance(struct verifier *v, const struct node_file *file)
{
	const struct boot *b = v->boot;
	struct check_of of = { "node.distance", NULL, v->record->has_source[SOURCE_NODES] ? SOURCE_NODES : SOURCE_NUMACTL, file->line, STAGE_NUMA };
	size_t to = 0;

	for (size_t i = 0; i < v->record->nodes.nr && to < file->nr_distance; i++, to++) {
		of.where = verify_name(v, "node %d to node %d", file->id, v->record->nodes.v[i].id);
		verify_add(v, &of, value_number(machine_distance(b->machine, file->id, v->record->nodes.v[i].id)), value_number(file->distance[to]));
	}
}

/* CPUs of a list such as "0-3,8-11". */
static bool count_cpus(struct str list, uint64_t *ret)
{
	struct str part;

	*ret = 0;
	while (str_cut(&list, ',', &part)) {
		ptrdiff_t hyphen = str_find_char(part, '-');
		uint64_t first, last;

		if (!str_to_u64(hyphen < 0 ? part : (struct str){ part.p, (size_t)hyphen }, 10, &first))
			return false;
		last = first;
		if (hyphen >= 0 && (!str_to_u64(str_skip(part, (size_t)hyphen + 1), 10, &last) || last < first))
			return false;
		*ret += last - first + 1;
	}
	return true;
}

static void verify_cpus(struct verifier *v, const struct node_file *file, const struct pgdat *node)
{
	struct check_of of = { "node.cpus", verify_name(v, "node %d", file->id), SOURCE_NODES, file->line, STAGE_NUMA };
	uint64_t cpus;

	if (file->cpus.n && v->record->has_source[SOURCE_NODES] && count_cpus(file->cpus, &cpus) && v->boot->machine->cpu_node)
		verify_add(v, &of, value_number(node->cpus), value_number(cpus));
}

void verify_nodes(struct verifier *v)
{
	const struct node_files *nodes = &v->record->nodes;

	for (size_t i = 0; i < nodes->nr; i++) {
		const struct node_file *file = &nodes->v[i];

		if ((size_t)file->id >= v->boot->nr_nodes || !v->boot->node[file->id].online)
			continue;
		if (file->mem_total_kib.line)
			verify_total(v, file, &v->boot->node[file->id]);
		verify_cpus(v, file, &v->boot->node[file->id]);
		verify_distance(v, file);
	}
}
