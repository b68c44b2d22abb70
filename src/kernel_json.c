/* kernel_json.c - see kernel_json.h. */
#include "kernel_json.h"

#include <errno.h>
#include <string.h>

#include "mia/arena.h"

#define SCHEMA "meminit-analyze/kernel/1"
#define MAX_EXTRA_COUNT 4096

struct field {
	const char *group, *key;
	size_t offset;
};

static const struct field quantities[] = {
#define QUANTITY(member, shared, group, key, doc) { group, key, offsetof(struct kernel, member) },
#include "mia/quantities.def"
#undef QUANTITY
};

static const struct field features[] = {
	{ "features", "numa", offsetof(struct kernel, has_numa) },
	{ "features", "hotplug", offsetof(struct kernel, has_hotplug) },
	{ "features", "hibernation", offsetof(struct kernel, has_hibernation) },
	{ "features", "dma_cma", offsetof(struct kernel, has_cma) },
};

static struct quantity *quantity_at(const struct kernel *k, const struct field *f) { return (struct quantity *)((char *)k + f->offset); }
static bool *feature_at(const struct kernel *k, const struct field *f) { return (bool *)((char *)k + f->offset); }

static void add(struct json_object *to, const char *key, struct json_object *value) { json_object_object_add(to, key, value); }

static struct json_object *group_of(struct json_object *doc, const char *name)
{
	struct json_object *group;

	if (json_object_object_get_ex(doc, name, &group))
		return group;
	group = json_object_new_object();
	add(doc, name, group);
	return group;
}

/* --- writing --- */

static struct json_object *release_json(const struct release *r)
{
	struct json_object *o = json_object_new_object();

	add(o, "major", json_object_new_uint64(r->major));
	add(o, "minor", json_object_new_uint64(r->minor));
	add(o, "patch", json_object_new_uint64(r->patch));
	add(o, "distribution", json_object_new_string(r->distribution));
	add(o, "distro_build", json_object_new_uint64(r->distro_build));
	return o;
}

/* Only what was seen or is known of the distribution; what the version says is worked out again on loading. */
static struct json_object *traits_json(const struct traits *traits)
{
	struct json_object *o = json_object_new_object();

	for (size_t i = 1; i < NR_TRAITS; i++)
		if (traits->t[i].basis >= BASIS_DISTRIBUTION)
			add(o, trait_name((enum trait_id)i), json_object_new_int(traits->t[i].value));
	return o;
}

static struct json_object *extra_json(const struct extra_alloc *e)
{
	struct json_object *o = json_object_new_object();

	add(o, "after", json_object_new_string(e->after));
	add(o, "caller", json_object_new_string(e->caller));
	add(o, "bytes", json_object_new_uint64(e->bytes));
	add(o, "align", json_object_new_uint64(e->align));
	add(o, "count", json_object_new_uint64(e->count));
	add(o, "per_node", json_object_new_boolean(e->per_node));
	return o;
}

struct json_object *kernel_to_json(const struct kernel *k)
{
	struct json_object *o = json_object_new_object(), *extra = json_object_new_array();

	add(o, "schema", json_object_new_string(SCHEMA));
	add(o, "release", json_object_new_string_len(k->release.text.p ? k->release.text.p : "", (int)k->release.text.n));
	add(o, "arch", json_object_new_string(arch_name(k->arch)));
	add(o, "version", release_json(&k->release));
	if (k->unknown_options.n)
		add(o, "unknown_options", json_object_new_string_len(k->unknown_options.p, (int)k->unknown_options.n));
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		add(group_of(o, "features"), features[i].key, json_object_new_boolean(*feature_at(k, &features[i])));
	for (size_t i = 0; i < ARRAY_SIZE(quantities); i++)
		if (quantity_at(k, &quantities[i])->known > KNOWN_ASSUMED)
			add(group_of(o, quantities[i].group), quantities[i].key, json_object_new_uint64(quantity_at(k, &quantities[i])->v));
	for (size_t i = 0; i < k->extra.nr; i++)
		json_object_array_add(extra, extra_json(&k->extra.v[i]));
	add(o, "allocations", extra);
	add(o, "traits", traits_json(&k->traits));
	return o;
}

/* --- reading --- */

struct reader {
	struct arena *arena;
	const char *name;
	struct mia_error *error; /* the first one */
};

static void fail(struct reader *r, const char *key, const char *why)
{
	if (!r->error)
		r->error = mia_error_new(r->arena, MIA_ERROR_INPUT, "%s: %s: %s", r->name, key, why);
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &v) ? v : NULL;
}

static uint64_t number(struct reader *r, struct json_object *o, const char *key)
{
	struct json_object *v = member(o, key);

	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_int) || (json_object_get_int64(v) < 0))
		fail(r, key, "a number of 0 or more is wanted");
	return json_object_get_uint64(v);
}

static struct str text(struct reader *r, struct json_object *o, const char *key)
{
	struct json_object *v = member(o, key);

	if (v && !json_object_is_type(v, json_type_string))
		fail(r, key, "a text is wanted");
	return v ? str_of(arena_strndup(r->arena, json_object_get_string(v), (size_t)json_object_get_string_len(v))) : (struct str){ 0 };
}

static void copy_text(struct reader *r, struct json_object *o, const char *key, char *to, size_t room)
{
	struct str s = text(r, o, key);

	if (s.n >= room)
		fail(r, key, "too long");
	else if (s.n)
		memcpy(to, s.p, s.n + 1);
}

static void read_release(struct reader *r, struct json_object *doc, struct kernel *k)
{
	struct json_object *version = member(doc, "version");

	release_parse(text(r, doc, "release"), &k->release);
	k->unknown_options = text(r, doc, "unknown_options");
	if (!version)
		return;
	k->release.major = (unsigned)number(r, version, "major");
	k->release.minor = (unsigned)number(r, version, "minor");
	k->release.patch = (unsigned)number(r, version, "patch");
	k->release.distro_build = (unsigned)number(r, version, "distro_build");
	copy_text(r, version, "distribution", k->release.distribution, sizeof(k->release.distribution));
}

static void read_traits(struct reader *r, struct json_object *doc, struct kernel *k)
{
	struct json_object *traits = member(doc, "traits");

	traits_resolve(&k->release, k->arch, NULL, &k->traits);
	if (!traits)
		return;
	for (size_t i = 1; i < NR_TRAITS; i++) {
		struct json_object *v = member(traits, trait_name((enum trait_id)i));

		if (v && !json_object_is_type(v, json_type_int))
			fail(r, trait_name((enum trait_id)i), "a number is wanted");
		if (v)
			k->traits.t[i] = (struct trait){ json_object_get_int(v), BASIS_PROFILE, 0 };
	}
}

static void read_extra(struct reader *r, struct json_object *doc, struct kernel *k)
{
	struct json_object *list = member(doc, "allocations");

	for (size_t i = 0; list && json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		struct extra_alloc *e = vec_push(r->arena, &k->extra);

		copy_text(r, o, "after", e->after, sizeof(e->after));
		copy_text(r, o, "caller", e->caller, sizeof(e->caller));
		e->bytes = number(r, o, "bytes");
		e->align = number(r, o, "align");
		e->count = number(r, o, "count");
		e->per_node = json_object_get_boolean(member(o, "per_node"));
		if (e->count > MAX_EXTRA_COUNT)
			fail(r, "count", "too large");
		if (e->align & (e->align - 1))
			fail(r, "align", "a power of two is wanted");
	}
}

static enum arch arch_parse(struct str name)
{
	for (int a = ARCH_X86_64; a <= ARCH_OTHER; a++)
		if (str_is(name, arch_name((enum arch)a)))
			return (enum arch)a;
	return ARCH_UNKNOWN;
}

struct mia_error *kernel_from_json(struct arena *arena, struct json_object *doc, const char *name, struct kernel *ret)
{
	struct reader r = { .arena = arena, .name = name };
	struct kernel k = { 0 };

	if (!str_is(text(&r, doc, "schema"), SCHEMA))
		return mia_error_new(arena, MIA_ERROR_INPUT, "%s: not a kernel profile (schema " SCHEMA ")", name);
	k.arch = arch_parse(text(&r, doc, "arch"));
	if (k.arch != ARCH_X86_64 && k.arch != ARCH_I386)
		return mia_error_new(arena, MIA_ERROR_INPUT, "%s: a profile for another architecture", name);
	read_release(&r, doc, &k);
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		*feature_at(&k, &features[i]) = json_object_get_boolean(member(member(doc, "features"), features[i].key));
	for (size_t i = 0; i < ARRAY_SIZE(quantities); i++) {
		struct json_object *group = member(doc, quantities[i].group);

		if (group && member(group, quantities[i].key))
			*quantity_at(&k, &quantities[i]) = (struct quantity){ number(&r, group, quantities[i].key), KNOWN_PROFILE, 0 };
	}
	read_traits(&r, doc, &k);
	read_extra(&r, doc, &k);
	if (r.error)
		return r.error;
	k.has_profile = true;
	*ret = k;
	return NULL;
}

struct mia_error *kernel_load(struct arena *arena, const char *path, struct kernel *ret)
{
	struct json_object *doc = json_object_from_file(path);
	struct mia_error *error;

	if (!doc)
		return mia_error_new(arena, MIA_ERROR_INPUT, "%s: %s", path, errno == ENOENT || errno == EACCES || errno == EISDIR ? strerror(errno) : "not a JSON document");
	error = kernel_from_json(arena, doc, path, ret);
	json_object_put(doc);
	return error;
}
