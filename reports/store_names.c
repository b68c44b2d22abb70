/*
 * store_names.c - what boots share: kernels, machines, command lines, sets of traits. Each is known by its content.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mia/sha256.h"
#include "store_private.h"

static void hash_line(struct sha256 *sha, struct str s)
{
	if (s.n)
		sha256_add(sha, s.p, s.n);
	sha256_add(sha, "\n", 1);
}

/* Blanks do not count: mailers lose them. */
static void hash_message(struct sha256 *sha, struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] != ' ' && s.p[i] != '\t')
			continue;
		if (i > from)
			sha256_add(sha, s.p + from, i - from);
		from = i + 1;
	}
	sha256_add(sha, "\n", 1);
}

void store_boot_key(const struct verdict *v, char ret[65])
{
	const struct messages *messages = &v->record->messages;
	struct sha256 sha;

	/* No log: its files are the boot. */
	if (!messages->nr) {
		snprintf(ret, 65, "%s", v->sha256);
		return;
	}
	sha256_init(&sha);
	for (size_t i = 0; i < messages->nr; i++)
		hash_message(&sha, messages->v[i]);
	sha256_hex(&sha, ret);
}

static struct mia_error *write_kernel(struct writer *w, struct row_boots *boot)
{
	const struct kernel *k = w->v->kernel;
	const struct fact *version = facts_first(&w->v->record->log, FACT_LINUX_VERSION);
	struct row_kernels row = {
		.release = k->release.text.p ? k->release.text : STR(""),
		.build = version && version->s[1].p ? version->s[1] : STR(""),
		.arch = str_of(arch_name(k->arch)),
		.major = known_if(k->release.parsed, k->release.major),
		.minor = known_if(k->release.parsed, k->release.minor),
		.patch = known_if(k->release.parsed, k->release.patch),
		.distro_build = known_if(k->release.distro_build, k->release.distro_build),
		.distribution = if_any(str_of(k->release.distribution)),
	};
	bool added;
	struct mia_error *error = store_intern(w->store, w->arena, TABLE_kernels, &row, &added);

	boot->kernel = row.id;
	return error;
}

/* --- machines --- */

static void machine_key(const struct machine *m, char ret[65])
{
	struct sha256 sha;
	char line[80];

	sha256_init(&sha);
	hash_line(&sha, m->dmi);
	hash_line(&sha, str_of(firmware_name(m->firmware)));
	for (size_t i = 0; i < m->e820.nr; i++) {
		const struct e820_entry *e = &m->e820.v[i];

		snprintf(line, sizeof(line), "%" PRIx64 " %" PRIx64 " %" PRIu32, e->start, e->end, e->type);
		hash_line(&sha, str_of(line));
	}
	sha256_hex(&sha, ret);
}

static struct mia_error *write_e820(struct writer *w, int64_t machine)
{
	const struct e820_table *table = &w->v->machine->e820;
	struct mia_error *error = NULL;

	for (size_t i = 0; i < table->nr && !error; i++) {
		char buf[32];
		struct row_e820 row = {
			.machine = machine,
			.seq = (int64_t)i,
			.start_addr = known(table->v[i].start),
			.last_addr = known_if(table->v[i].end, table->v[i].end - 1),
			.type = str_of(e820_type_text(table->v[i].type, buf)),
		};

		error = store_insert(w->store, w->arena, TABLE_e820, &row);
	}
	return error;
}

/* A log without its map does not tell which machine it was. */
static struct mia_error *write_machine(struct writer *w, struct row_boots *boot)
{
	const struct machine *m = w->v->machine;
	char key[65];
	struct row_machines row = {
		.key = { key, sizeof(key) - 1 },
		.dmi = if_any(m->dmi),
		.firmware = str_of(firmware_name(m->firmware)),
		.hypervisor = if_any(m->hypervisor_name),
		.usable_bytes = (int64_t)min_u64(e820_bytes(&m->e820, E820_TYPE_RAM), INT64_MAX),
	};
	struct mia_error *error;
	bool added;

	if (!m->e820.nr)
		return NULL;
	machine_key(m, key);
	error = store_intern(w->store, w->arena, TABLE_machines, &row, &added);
	boot->machine = (struct maybe_int){ row.id, true };
	return error || !added ? error : write_e820(w, row.id);
}

/* --- command lines --- */

/* Options that name files, disks, consoles and identities: they differ between like boots and take no memory worth the name. */
static bool is_incidental(struct str name)
{
	static const char *const names[] = {
		"BOOT_IMAGE", "root", "rootfstype", "rootflags", "rootwait", "ro", "rw", "resume", "resume_offset", "initrd", "init", "rdinit", "cryptdevice", "console",
		"quiet", "splash", "vt.handoff", "hostname", "ip", "BOOTIF",
	};

	/* For the initial RAM disk and init, not for the kernel. */
	if (str_starts(name, STR("rd.")) || str_starts(name, STR("systemd.")) || str_starts(name, STR("luks.")))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (cmdline_same(name, names[i]))
			return true;
	return false;
}

static struct str memory_options(struct arena *arena, const struct cmdline *cmdline)
{
	struct strbuf out = { .arena = arena };

	for (size_t i = 0; i < cmdline->nr; i++) {
		const struct cmdline_option *o = &cmdline->v[i];

		if (is_incidental(o->name))
			continue;
		if (out.n)
			strbuf_char(&out, ' ');
		strbuf_add(&out, o->name);
		if (!o->value.p)
			continue;
		strbuf_char(&out, '=');
		strbuf_add(&out, o->value);
	}
	return strbuf_str(&out);
}

static struct mia_error *write_command_line(struct writer *w, struct row_boots *boot)
{
	const struct cmdline *cmdline = w->v->boot->cmdline;
	struct row_command_lines row = { .text = cmdline->text };
	struct mia_error *error;
	bool added;

	if (!cmdline->text.p)
		return NULL;
	row.options = memory_options(w->arena, cmdline);
	error = store_intern(w->store, w->arena, TABLE_command_lines, &row, &added);
	boot->command_line = (struct maybe_int){ row.id, true };
	return error;
}

/* --- traits --- */

static void traits_key(const struct traits *traits, char ret[65])
{
	struct sha256 sha;
	char line[160];

	sha256_init(&sha);
	for (int id = 1; id < NR_TRAITS; id++) {
		snprintf(line, sizeof(line), "%s %d %s", trait_name((enum trait_id)id), traits->t[id].value, trait_basis_name(traits->t[id].basis));
		hash_line(&sha, str_of(line));
	}
	sha256_hex(&sha, ret);
}

static struct mia_error *write_traits(struct writer *w, struct row_boots *boot)
{
	const struct traits *traits = &w->v->kernel->traits;
	char key[65];
	struct row_trait_sets set = { .key = { key, sizeof(key) - 1 } };
	struct mia_error *error;
	bool added;

	traits_key(traits, key);
	error = store_intern(w->store, w->arena, TABLE_trait_sets, &set, &added);
	boot->trait_set = set.id;
	for (int id = 1; id < NR_TRAITS && added && !error; id++) {
		struct row_traits row = {
			.trait_set = set.id,
			.name = str_of(trait_name((enum trait_id)id)),
			.value = traits->t[id].value,
			.basis = str_of(trait_basis_name(traits->t[id].basis)),
		};

		error = store_insert(w->store, w->arena, TABLE_traits, &row);
	}
	return error;
}

struct mia_error *write_names(struct writer *w, struct row_boots *ret)
{
	struct mia_error *error = write_kernel(w, ret);

	if (!error)
		error = write_machine(w, ret);
	if (!error)
		error = write_command_line(w, ret);
	if (!error)
		error = write_traits(w, ret);
	return error;
}
