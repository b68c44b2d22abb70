/*
 * input_sections.c - SUSE's supportconfig: files of sections, each the output of a command or the content of a file.
 *
 *     #==[ Command ]======================================#
 *     # /usr/sbin/dmidecode
 *     ...
 *     #==[ Configuration File ]===========================#
 *     # /proc/zoneinfo
 *
 * Each section that is a document of ours is taken as if it stood alone. The lines before it stay, as empty ones, so that the
 * numbers of lines are those of the file.
 */
#include "input_private.h"
#include "mia/arena.h"

#define SECTION STR("#==[ ")

static const char *const files[] = { "boot.txt", "proc.txt", "memory.txt", "hardware.txt", "sysfs.txt", "env.txt", "basic-environment.txt" };

bool is_supportconfig(const struct tree_entries *entries)
{
	size_t found = 0;

	for (size_t i = 0; i < entries->nr; i++)
		for (size_t k = 0; !entries->v[i].is_folder && k < ARRAY_SIZE(files); k++)
			found += !strcmp(entries->v[i].name, files[k]);
	return found > 1;
}

bool is_section_file(const char *path, struct str bytes)
{
	struct str name = str_of(path), head = { bytes.p, min_u64(bytes.n, 4096) };

	for (ptrdiff_t at; (at = str_find_char(name, '/')) >= 0;)
		name = str_skip(name, (size_t)at + 1);
	for (size_t k = 0; k < ARRAY_SIZE(files); k++)
		if (str_is(name, files[k]))
			return str_find(head, SECTION) >= 0;
	return false;
}

/* "# /bin/dmesg -T", "# /proc/zoneinfo", "# /usr/bin/numactl --hardware": the file, or the program. */
static enum source_kind kind_of_section(struct arena *arena, struct str title)
{
	struct str word, name;

	if (!str_starts(title, STR("# ")))
		return NR_SOURCES;
	title = str_skip(title, 2);
	if (!str_cut_word(&title, &word))
		return NR_SOURCES;
	name = word;
	for (ptrdiff_t at; (at = str_find_char(name, '/')) >= 0;)
		name = str_skip(name, (size_t)at + 1);
	return kind_of_name(arena_strndup(arena, str_starts(word, STR("/proc/")) ? word.p + 1 : name.p, str_starts(word, STR("/proc/")) ? word.n - 1 : name.n));
}

static void section_take(struct bundle_state *s, const char *path, enum source_kind kind, struct str text, size_t lines_before)
{
	char *p;

	if (kind == NR_SOURCES || !text.n || input_has(s->input, kind) || input_classify(source_name(kind), text) != kind || (kind == SOURCE_DMESG && !has_boot_lines(text)))
		return;
	p = arena_alloc(s->arena, lines_before + text.n);
	memset(p, '\n', lines_before);
	memcpy(p + lines_before, text.p, text.n);
	input_add(s->arena, s->input, path, kind, (struct str){ p, lines_before + text.n });
}

static void file_take(struct bundle_state *s, const char *path, struct str bytes)
{
	struct str rest = bytes, line, text = { 0 };
	enum source_kind kind = NR_SOURCES;
	size_t nr = 0, first = 0;
	bool titled = false;

	for (const char *start = rest.p; str_cut_line(&rest, &line); start = rest.p, nr++) {
		if (str_starts(line, SECTION)) {
			text.n = text.p ? (size_t)(start - text.p) : 0;
			section_take(s, path, kind, text, first);
			kind = NR_SOURCES;
			text = (struct str){ 0 };
			titled = true;
		} else if (titled) {
			kind = kind_of_section(s->arena, line);
			first = nr + 1;
			text = (struct str){ rest.p, 0 };
			titled = false;
		}
	}
	text.n = text.p ? (size_t)(bytes.p + bytes.n - text.p) : 0;
	section_take(s, path, kind, text, first);
}

void sections_gather(struct bundle_state *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct str bytes;

		if (document_read(s, path_join(s->arena, s->folder, files[i]), &bytes))
			file_take(s, files[i], bytes);
	}
}
