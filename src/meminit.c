/* meminit.c - the public interface; see include/meminit.h. */
#include "meminit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "kernel_json.h"
#include "mia/analysis.h"
#include "mia/arena.h"
#include "mia/sha256.h"
#include "mia/shipped.h"
#include "sink.h"

#define ARENA_LIMIT ((size_t)4 << 30)
#define PROFILE_ARENA_BYTES ((size_t)16 << 20)

struct meminit {
	struct shipped *shipped;
	struct arena *profile_arena; /* of a profile that was loaded; NULL otherwise */
	struct kernel *profile;
	char error[1024];
};

struct meminit_boot {
	struct arena *arena;
	struct verdict verdict;
};

/* One call of an analysis. */
struct call {
	struct meminit *m;
	meminit_boot_fn *each;
	void *context;
	enum meminit_status status;
};

struct meminit *meminit_create(void)
{
	struct meminit *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->shipped = shipped_create();
	return m;
}

void meminit_destroy(struct meminit *m)
{
	if (!m)
		return;
	shipped_destroy(m->shipped);
	if (m->profile_arena)
		arena_destroy(m->profile_arena);
	free(m);
}

const char *meminit_version(void) { return PACKAGE_VERSION; }

const char *meminit_error(const struct meminit *m) { return m->error; }

/* The first error is kept, the worst status. */
static enum meminit_status fail(struct meminit *m, enum meminit_status status, const char *message)
{
	if (!m->error[0])
		snprintf(m->error, sizeof(m->error), "%s", message);
	return status;
}

static enum meminit_status load_guarded(struct meminit *m, struct arena *arena, const char *path)
{
	struct kernel *kernel = arena_new(arena, struct kernel);
	struct mia_error *error = kernel_load(arena, path, kernel);

	if (error)
		return fail(m, (enum meminit_status)error->code, error->message);
	m->profile = kernel;
	return MEMINIT_OK;
}

enum meminit_status meminit_load_kernel(struct meminit *m, const char *path)
{
	struct arena *arena = arena_create(PROFILE_ARENA_BYTES), *old = m->profile_arena;
	enum meminit_status status;

	m->error[0] = '\0';
	if (!arena || arena_guard(arena)) {
		if (arena)
			arena_destroy(arena);
		return fail(m, MEMINIT_INTERNAL, "out of memory");
	}
	status = load_guarded(m, arena, path);
	if (status != MEMINIT_OK) {
		arena_destroy(arena);
		return status;
	}
	m->profile_arena = arena;
	if (old)
		arena_destroy(old);
	return MEMINIT_OK;
}

/* --- analyses --- */

static void complain(struct call *call, const struct mia_error *error)
{
	enum meminit_status status = fail(call->m, (enum meminit_status)error->code, error->message);

	if (status > call->status)
		call->status = status;
}

/* False to stop. */
static bool analyse_boot(struct call *call, struct arena *arena, const struct input *input, const struct boot_records *boots, size_t i)
{
	struct analysis_options options = { .profile = call->m->profile, .shipped = call->m->shipped };
	struct meminit_boot *boot = arena_new(arena, struct meminit_boot);
	struct verdict *v = &boot->verdict;

	boot->arena = arena;
	analysis_run(arena, &boots->v[i], &options, v);
	v->input_name = input->name;
	v->sha256 = input->sha256;
	v->boot_index = i;
	v->nr_boots = boots->nr;
	v->truncated = input->truncated;
	if (v->broken)
		complain(call, &(struct mia_error){ MIA_ERROR_INTERNAL, v->broken });
	if (meminit_boot_status(boot) > call->status)
		call->status = meminit_boot_status(boot);
	return !call->each || call->each(call->context, boot) == 0;
}

static bool visit(void *context, struct arena *arena, const struct input *input, const struct mia_error *error)
{
	struct call *call = context;
	struct boot_records boots = { 0 };

	if (!error)
		error = bundle_parse(arena, input, &boots);
	if (error) {
		complain(call, error);
		return true;
	}
	for (size_t i = 0; i < boots.nr; i++)
		if (!analyse_boot(call, arena, input, &boots, i))
			return false;
	return true;
}

static void visit_live(struct call *call, struct arena *arena)
{
	struct input *input = arena_new(arena, struct input);
	struct mia_error *error = input_live(arena, "", input);

	if (error)
		complain(call, error);
	else
		visit(call, arena, input, NULL);
}

struct source {
	const char *path; /* NULL: the running machine */
	struct str bytes; /* of a log in memory */
	const char *name; /* of that */
};

static void visit_log(struct call *call, struct arena *arena, const struct source *source)
{
	struct input_doc doc = { source->name, SOURCE_DMESG, source->bytes };
	struct input input = { .name = source->name, .v = &doc, .nr = 1 };
	struct sha256 sha;

	sha256_init(&sha);
	sha256_add(&sha, source->bytes.p, source->bytes.n);
	sha256_hex(&sha, input.sha256);
	visit(call, arena, &input, NULL);
}

static void visit_source(struct call *call, struct arena *arena, const struct source *source)
{
	struct mia_error *error;

	if (source->name) {
		visit_log(call, arena, source);
		return;
	}
	if (!source->path) {
		visit_live(call, arena);
		return;
	}
	error = input_walk(arena, source->path, visit, call);
	if (error)
		complain(call, error);
}

static enum meminit_status run(struct call *call, const struct source *source)
{
	struct arena *arena = arena_create(ARENA_LIMIT);

	call->m->error[0] = '\0';
	if (!arena)
		return fail(call->m, MEMINIT_INTERNAL, "out of memory");
	if (arena_guard(arena))
		call->status = fail(call->m, MEMINIT_INTERNAL, "out of memory");
	else
		visit_source(call, arena, source);
	arena_destroy(arena);
	return call->status;
}

enum meminit_status meminit_analyze(struct meminit *m, const char *path, meminit_boot_fn *each, void *context)
{
	struct call call = { m, each, context, MEMINIT_OK };
	struct source source = { .path = path };

	return run(&call, &source);
}

enum meminit_status meminit_analyze_log(struct meminit *m, const char *name, const void *bytes, size_t size, meminit_boot_fn *each, void *context)
{
	struct call call = { m, each, context, MEMINIT_OK };
	struct source source = { .bytes = { bytes, size }, .name = name ? name : "log" };

	return run(&call, &source);
}

/* --- what is known of a boot --- */

const char *meminit_boot_input(const struct meminit_boot *boot) { return boot->verdict.input_name; }
size_t meminit_boot_index(const struct meminit_boot *boot) { return boot->verdict.boot_index; }

const char *meminit_boot_release(const struct meminit_boot *boot)
{
	struct str release = boot->verdict.kernel->release.text;

	return release.n ? arena_strndup(boot->arena, release.p, release.n) : "";
}

enum meminit_status meminit_boot_status(const struct meminit_boot *boot)
{
	const struct verdict *v = &boot->verdict;

	for (size_t i = 0; i < v->checks.nr; i++)
		if (v->checks.v[i].verdict == CHECK_MISMATCH)
			return MEMINIT_MISMATCH;
	for (size_t i = 0; i < v->findings.nr; i++)
		if (v->findings.v[i].severity == SEVERITY_ERROR)
			return MEMINIT_MISMATCH;
	return MEMINIT_OK;
}

bool meminit_boot_mem_total_kib(const struct meminit_boot *boot, uint64_t *ret)
{
	const struct amount *total = &boot->verdict.boot->totalram;

	if (total->basis == AMOUNT_UNKNOWN)
		return false;
	*ret = pages_to_kib(total->v);
	return true;
}

bool meminit_boot_unexplained_bytes(const struct meminit_boot *boot, uint64_t *ret)
{
	if (!boot->verdict.unexplained_known)
		return false;
	*ret = boot->verdict.unexplained_bytes;
	return true;
}

static const char *write_report(struct sink *sink, const struct meminit_boot *boot)
{
	char *bytes = NULL;
	const char *copy;
	size_t n = 0;

	sink->out = open_memstream(&bytes, &n);
	if (!sink->out)
		return NULL;
	if (sink->ops->begin)
		sink->ops->begin(sink);
	sink->ops->verdict(sink, &boot->verdict);
	sink->nr_verdicts++;
	if (sink->ops->end)
		sink->ops->end(sink);
	fclose(sink->out);
	copy = bytes ? arena_strndup(boot->arena, bytes, n) : NULL;
	free(bytes);
	return copy;
}

const char *meminit_boot_report(const struct meminit_boot *boot, const char *format)
{
	struct sink sink = { .ops = sink_find(format) };

	return sink.ops ? write_report(&sink, boot) : NULL;
}
