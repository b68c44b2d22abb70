/* verb_predict.c - a boot that has not happened: reads which machine, kernel and command line, runs it, writes the verdict. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json_map.h"
#include "kernel_json.h"
#include "limit.h"
#include "machine_change.h"
#include "mia/arena.h"
#include "mia/learn.h"
#include "mia/shipped.h"
#include "predict.h"
#include "redact.h"
#include "session.h"
#include "sink.h"

#define ARENA_LIMIT ((size_t)4 << 30)

/* What the command line asks for; sizes and numbers are read before anything is loaded. */
struct predict_options {
	const struct cli *cli;
	const char *machine, *kernel, *cmdline, *append, *map;
	bool has_memory, has_add, has_cpus, has_nodes, has_hotplug, has_trials;
	uint64_t memory, add, cpus, nodes, kernel_base, hotplug, trials, seed;
	int add_node, hotplug_node;
	enum severity fail_on;
	struct sink sink;
	struct shipped *shipped;
	const struct boot_record *seen; /* the boot that the machine was seen in; NULL for a description */
};

/* --- the command line --- */

static int parse_size(const struct predict_options *o, enum option_id id, const char *name, bool *has, uint64_t *ret)
{
	const char *s = o->cli->value[id];

	if (!s)
		return STATUS_OK;
	*has = true;
	if (!str_to_size(str_of(s), ret) || !*ret || *ret % PAGE_SIZE)
		return cli_usage_error(o->cli, "--%s wants a size of whole pages such as 512M or 64G, not '%s'", name, s);
	return STATUS_OK;
}

static int parse_number(const struct predict_options *o, enum option_id id, const char *name, bool *has, uint64_t *ret)
{
	const char *s = o->cli->value[id];

	if (!s)
		return STATUS_OK;
	*has = true;
	if (!str_to_u64(str_of(s), 10, ret) || !*ret)
		return cli_usage_error(o->cli, "--%s wants a number of 1 or more, not '%s'", name, s);
	return STATUS_OK;
}

/* SIZE[@NODE] */
static int parse_placed_size(const struct predict_options *o, enum option_id id, const char *name, bool *has, uint64_t *ret, int *ret_node)
{
	const char *s = o->cli->value[id];
	struct str rest = str_of(s), size;
	uint64_t node;

	*ret_node = -1;
	if (!s)
		return STATUS_OK;
	*has = true;
	if (!str_cut(&rest, '@', &size) || !str_to_size(size, ret) || !*ret || *ret % PAGE_SIZE)
		return cli_usage_error(o->cli, "--%s wants SIZE or SIZE@NODE, such as 16G@1, not '%s'", name, s);
	if (!strchr(s, '@'))
		return STATUS_OK;
	if (!str_to_u64(rest, 10, &node) || node >= MAX_NUMNODES)
		return cli_usage_error(o->cli, "--%s wants a node of 0 to %d behind the '@', not '%.*s'", name, MAX_NUMNODES - 1, STR_ARG(rest));
	*ret_node = (int)node;
	return STATUS_OK;
}

#define MAX_TRIALS 1000000

static int parse_trials(struct predict_options *o)
{
	const char *seed = o->cli->value[OPTION_SEED];
	int status = parse_number(o, OPTION_KASLR_TRIALS, "kaslr-trials", &o->has_trials, &o->trials);

	o->seed = 1;
	if (status != STATUS_OK)
		return status;
	if (o->trials > MAX_TRIALS)
		return cli_usage_error(o->cli, "--kaslr-trials takes up to %d", MAX_TRIALS);
	if (seed && !o->has_trials)
		return cli_usage_error(o->cli, "--seed is of no use without --kaslr-trials");
	if (seed && !str_to_u64(str_of(seed), 10, &o->seed))
		return cli_usage_error(o->cli, "--seed wants a number, not '%s'", seed);
	return STATUS_OK;
}

static int parse_format(struct predict_options *o)
{
	const char *format = cli_has(o->cli, OPTION_JSON) ? "json" : o->cli->value[OPTION_FORMAT];

	o->sink = (struct sink){ .ops = sink_find(format ? format : "text"), .out = stdout, .color = cli_color(o->cli), .bytes = cli_has(o->cli, OPTION_BYTES) };
	return o->sink.ops ? STATUS_OK : cli_usage_error(o->cli, "unknown format '%s'", format);
}

static int parse_machine(struct predict_options *o)
{
	o->machine = o->cli->value[OPTION_MACHINE];
	if (o->machine && o->cli->nr_args)
		return cli_usage_error(o->cli, "one machine is wanted: --machine %s, or '%s'?", o->machine, o->cli->args[0]);
	if (o->cli->nr_args > 1)
		return cli_usage_error(o->cli, "one machine is wanted, not '%s' and '%s'", o->cli->args[0], o->cli->args[1]);
	if (o->cli->nr_args)
		o->machine = o->cli->args[0];
	return STATUS_OK;
}

static int parse_kernel_base(struct predict_options *o)
{
	const char *s = o->cli->value[OPTION_KERNEL_BASE];

	if (s && (!str_to_size(str_of(s), &o->kernel_base) || !o->kernel_base || o->kernel_base % PAGE_SIZE || o->kernel_base >= PHYS_LIMIT))
		return cli_usage_error(o->cli, "--kernel-base wants an address such as 0x3ae00000, not '%s'", s);
	return STATUS_OK;
}

static int parse_options(const struct cli *cli, struct predict_options *o)
{
	int status;

	*o = (struct predict_options){
		.cli = cli, .kernel = cli->value[OPTION_KERNEL], .cmdline = cli->value[OPTION_CMDLINE], .append = cli->value[OPTION_APPEND], .map = cli->value[OPTION_E820],
	};
	if ((status = parse_machine(o)) || (status = parse_format(o)) || (status = fail_on_parse(cli, &o->fail_on)) || (status = parse_kernel_base(o)) || (status = parse_trials(o)) ||
	    (status = parse_size(o, OPTION_MEM, "mem", &o->has_memory, &o->memory)) || (status = parse_placed_size(o, OPTION_ADD, "add", &o->has_add, &o->add, &o->add_node)) ||
	    (status = parse_placed_size(o, OPTION_HOTPLUG, "hotplug", &o->has_hotplug, &o->hotplug, &o->hotplug_node)) ||
	    (status = parse_number(o, OPTION_CPUS, "cpus", &o->has_cpus, &o->cpus)) || (status = parse_number(o, OPTION_NODES, "nodes", &o->has_nodes, &o->nodes)))
		return status;
	if (o->map && (o->has_memory || o->has_add))
		return cli_usage_error(cli, "--e820 gives the map as it is; --%s would make another one", o->has_memory ? "mem" : "add");
	if (o->has_trials && o->kernel_base)
		return cli_usage_error(cli, "--kernel-base says where the image lies; --kaslr-trials would try other places");
	return STATUS_OK;
}

/* --- the machine --- */

/* A machine description says so near its start; a log does not. */
static bool is_machine_file(const char *path)
{
	char head[4096];
	struct stat st;
	FILE *in;
	struct str s;

	if (stat(path, &st) || !S_ISREG(st.st_mode) || !(in = fopen(path, "r")))
		return false;
	s = str_trim((struct str){ head, fread(head, 1, sizeof(head), in) });
	fclose(in);
	return s.n && *s.p == '{' && str_find(s, STR("\"meminit-analyze/")) >= 0;
}

static struct mia_error *load_machine(struct arena *arena, const char *path, struct machine_doc *ret)
{
	struct json_object *json;
	struct mia_error *error = json_load(arena, path, &json);

	if (error)
		return error;
	error = machine_from_json(arena, json, path, ret);
	json_object_put(json);
	return error;
}

/* --e820: the map of a machine description, or of a log. */
struct map_taker {
	struct arena *arena;
	struct machine *machine;
};

static int take_map(void *context, struct arena *arena, struct verdict *verdict)
{
	struct map_taker *t = context;

	(void)arena;
	if (!verdict->machine->e820.nr) {
		cli_complain("%s: the log does not show the firmware's memory map", verdict->input_name);
		return STATUS_INPUT;
	}
	machine_set_map(t->arena, t->machine, verdict->machine);
	return STATUS_OK;
}

static int use_map(const struct predict_options *o, struct arena *arena, struct machine_doc *machine)
{
	struct map_taker t = { arena, &machine->machine };
	struct machine_doc from;
	struct mia_error *error;

	if (!is_machine_file(o->map))
		return session_run(o->cli, (char **)&o->map, 1, take_map, &t);
	error = load_machine(arena, o->map, &from);
	if (!error) {
		machine_set_map(arena, &machine->machine, &from.machine);
		return STATUS_OK;
	}
	cli_complain("%s", error->message);
	return (int)error->code;
}

/* Where the loader may put the RAM disk: old kernels, and 32-bit ones, say in their header that they want it below 2 GiB. */
static uint64_t initrd_limit(const struct kernel *k)
{
	return k->arch == ARCH_X86_64 && trait(&k->traits, TRAIT_INITRD_HIGH) ? 4 * GIB : 2 * GIB;
}

static int change_machine(const struct predict_options *o, struct arena *arena, const struct kernel *kernel, struct machine_doc *doc, struct prediction_inputs *in)
{
	struct machine *m = &doc->machine;
	struct mia_error *error = NULL;
	bool guessed = false;
	int status = o->map ? use_map(o, arena, doc) : STATUS_OK;

	if (status != STATUS_OK)
		return status;
	if (o->has_memory)
		error = machine_set_memory(arena, m, o->memory, initrd_limit(kernel), &guessed);
	in->unknown[UNKNOWN_FIRMWARE_MAP] |= guessed;
	if (!error && o->has_nodes)
		error = machine_set_nodes(arena, m, o->nodes);
	if (!error && o->has_add)
		error = machine_add_memory(arena, m, o->add, o->add_node, initrd_limit(kernel), &guessed);
	in->unknown[UNKNOWN_FIRMWARE_MAP] |= guessed;
	if (!error && o->has_cpus)
		error = machine_set_cpus(arena, m, o->cpus);
	if (!error && o->hotplug_node > m->max_node)
		return cli_usage_error(o->cli, "this machine has no node %d to plug memory into", o->hotplug_node);
	return error ? cli_usage_error(o->cli, "%s", error->message) : STATUS_OK;
}

/* --- the kernel --- */

/* A build that no profile is known of: what its version says, and the sizes of its neighbours. */
static bool kernel_of_release(const struct predict_options *o, struct arena *arena, const char *release, enum arch arch, struct kernel *ret)
{
	const struct kernel *neighbour;

	*ret = (struct kernel){ .arch = arch };
	release_parse(str_of(release), &ret->release);
	if (!ret->release.parsed)
		return false;
	traits_resolve(&ret->release, arch, NULL, &ret->traits);
	neighbour = shipped_neighbour(o->shipped, ret, false);
	if (!neighbour)
		return false;
	kernel_lend(ret, neighbour);
	(void)arena;
	return true;
}

/* What a log without memblock's lines does not teach, and no page beside it makes up for: it lies in a zone of its own. */
static void lend_real_mode(const struct predict_options *o, struct kernel *k)
{
	const struct kernel *neighbour = shipped_neighbour(o->shipped, k, false);

	if (is_known(k->real_mode) || !neighbour || !is_known(neighbour->real_mode))
		return;
	k->real_mode = neighbour->real_mode;
	k->real_mode.known = KNOWN_NEIGHBOUR;
}

static int find_kernel(const struct predict_options *o, struct arena *arena, const char *name, enum arch arch, struct kernel *ret)
{
	const struct kernel *shipped = shipped_find(o->shipped, str_of(name), arch);
	struct mia_error *error;
	struct stat st;

	/* The same release of another architecture is not what was meant, and is told so. */
	if (!shipped)
		shipped = shipped_find(o->shipped, str_of(name), arch == ARCH_I386 ? ARCH_X86_64 : ARCH_I386);
	if (shipped) {
		*ret = *shipped;
		return STATUS_OK;
	}
	if (!stat(name, &st)) {
		error = kernel_load(arena, name, ret);
		if (!error) {
			lend_real_mode(o, ret);
			return STATUS_OK;
		}
		cli_complain("%s", error->message);
		return (int)error->code;
	}
	if (!strchr(name, '/') && kernel_of_release(o, arena, name, arch, ret))
		return STATUS_OK;
	cli_complain("%s: neither a file nor the release of a kernel; 'kernel list' shows those with a profile", name);
	return STATUS_INPUT;
}

static int check_arch(const struct predict_options *o, const struct kernel *kernel, const struct machine *machine)
{
	if (kernel->arch == machine->arch)
		return STATUS_OK;
	return cli_usage_error(o->cli, "the kernel %.*s is for %s, the machine was seen running %s", STR_ARG(kernel->release.text), arch_name(kernel->arch), arch_name(machine->arch));
}

/* --- together --- */

static struct str command_line_of(const struct predict_options *o, struct arena *arena, struct str was)
{
	struct strbuf s = { .arena = arena };

	strbuf_add(&s, o->cmdline ? str_of(o->cmdline) : was);
	if (o->append)
		strbuf_printf(&s, "%s%s", s.n ? " " : "", o->append);
	return strbuf_str(&s);
}

/* Who changes nothing asks for the boot as it is. */
static bool changes_anything(const struct predict_options *o)
{
	return o->kernel || o->cmdline || o->append || o->map || o->has_memory || o->has_add || o->has_cpus || o->has_nodes;
}

/* What was asked for and does not come about counts as an error. */
static bool has_failed(const struct predict_options *o, const struct verdict *v)
{
	for (size_t i = 0; i < v->prediction->outcomes.nr; i++)
		if (v->prediction->outcomes.v[i].bad)
			return true;
	return fail_on_finds(o->fail_on, v);
}

static int predict(struct predict_options *o, struct arena *arena, const char *name, struct machine_doc *doc, struct kernel *kernel, const struct verdict *before)
{
	struct prediction_inputs in = {
		.machine = doc, .kernel = kernel, .command_line = command_line_of(o, arena, doc->command_line), .kernel_base = o->kernel_base, .trials = o->trials, .seed = o->seed,
		.hotplug_bytes = o->hotplug, .hotplug_node = o->hotplug_node, .memory_changed = o->map || o->has_memory || o->has_add, .before = before,
	};
	struct verdict verdict;
	int status = check_arch(o, kernel, &doc->machine);

	if (status == STATUS_OK)
		status = change_machine(o, arena, kernel, doc, &in);
	if (status != STATUS_OK)
		return status;
	/* Each kernel has a RAM disk of its own. */
	in.unknown[UNKNOWN_INITRD] = phys_len(doc->machine.ramdisk) && doc->release.n && !str_eq(doc->release, kernel->release.text);
	predict_run(arena, &in, &verdict);
	verdict.input_name = name;
	if (cli_has(o->cli, OPTION_REDACT))
		redact_verdict(arena, o->seen, &verdict);
	if (!cli_has(o->cli, OPTION_QUIET) || strcmp(o->sink.ops->name, "text"))
		o->sink.ops->verdict(&o->sink, &verdict);
	o->sink.nr_verdicts++;
	return has_failed(o, &verdict) ? STATUS_FINDINGS : STATUS_OK;
}

static int predict_from_log(void *context, struct arena *arena, struct verdict *verdict)
{
	struct predict_options *o = context;
	struct kernel *kernel = arena_new(arena, struct kernel);
	struct machine_doc doc;
	int status = STATUS_OK;

	if (!verdict->machine->e820.nr) {
		cli_complain("%s: the log does not show the firmware's memory map", verdict->input_name);
		return STATUS_INPUT;
	}
	o->seen = verdict->record;
	machine_of_boot(verdict->boot, &doc);
	if (o->kernel)
		status = find_kernel(o, arena, o->kernel, doc.machine.arch, kernel);
	else
		kernel_of_boot(arena, verdict, kernel);
	return status == STATUS_OK ? predict(o, arena, verdict->input_name, &doc, kernel, changes_anything(o) ? verdict : NULL) : status;
}

/* The machine as it was described, with its own kernel and command line. */
static const struct verdict *boot_unchanged(struct predict_options *o, struct arena *arena, const struct machine_doc *doc)
{
	struct verdict *verdict = arena_new(arena, struct verdict);
	struct machine_doc *copy = arena_new(arena, struct machine_doc);
	const struct kernel *own = doc->release.n ? shipped_find(o->shipped, doc->release, doc->machine.arch) : NULL;
	struct prediction_inputs in = { .machine = copy, .kernel = own, .command_line = doc->command_line };

	*copy = *doc;
	if (!own || !changes_anything(o))
		return NULL;
	predict_run(arena, &in, verdict);
	return verdict;
}

static int predict_from_file(struct predict_options *o, struct arena *arena)
{
	struct kernel *kernel = arena_new(arena, struct kernel);
	struct machine_doc doc;
	struct mia_error *error = load_machine(arena, o->machine, &doc);
	int status;

	if (error) {
		cli_complain("%s", error->message);
		return (int)error->code;
	}
	if (!o->kernel && !doc.release.n)
		return cli_usage_error(o->cli, "which kernel? %s names none; --kernel does", o->machine);
	status = find_kernel(o, arena, o->kernel ? o->kernel : str_dup(arena, doc.release), doc.machine.arch, kernel);
	if (status != STATUS_OK)
		return status;
	kernel_assume_cpu(&doc.machine, kernel);
	return predict(o, arena, o->machine, &doc, kernel, boot_unchanged(o, arena, &doc));
}

static int predict_guarded(struct predict_options *o)
{
	struct arena *arena = arena_create(ARENA_LIMIT);
	int status = STATUS_INTERNAL;

	if (!arena || arena_guard(arena))
		cli_complain("out of memory");
	else
		status = predict_from_file(o, arena);
	if (arena)
		arena_destroy(arena);
	return status;
}

int verb_predict(const struct cli *cli)
{
	struct predict_options o;
	int status = parse_options(cli, &o);

	if (status != STATUS_OK)
		return status;
	o.shipped = shipped_create();
	if (o.sink.ops->begin)
		o.sink.ops->begin(&o.sink);
	if (o.machine && is_machine_file(o.machine))
		status = predict_guarded(&o);
	else
		status = session_run(cli, (char **)&o.machine, o.machine ? 1 : 0, predict_from_log, &o);
	if (o.sink.ops->end)
		o.sink.ops->end(&o.sink);
	shipped_destroy(o.shipped);
	return status;
}
