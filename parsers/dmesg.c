/* dmesg.c - from a log to boot records; every word it knows is in the rule tables. */
#include "dmesg.h"

#include <stdio.h>

#include "files.h"
#include "log_line.h"
#include "mia/arena.h"
#include "rules.h"

struct reader {
	struct arena *arena;
	struct str bytes;
	struct boot_records *boots;
	struct boot_record *boot;
	bool seen_memory; /* this boot has reached its Memory: line */
	bool initialised; /* and its init sections were given back */
};

static struct boot_record *new_boot(struct reader *r, uint32_t line)
{
	r->boot = vec_push(r->arena, r->boots);
	r->boot->first_line = line;
	r->boot->has_source[SOURCE_DMESG] = true;
	r->seen_memory = r->initialised = false;
	return r->boot;
}

/* On some processors the kernel says where it runs before it says what it is. */
static bool only_hints(const struct facts *log)
{
	for (size_t i = 0; i < log->nr; i++)
		if (log->v[i].kind != FACT_ARCH_HINT)
			return false;
	return true;
}

/* The first line of a boot: "Linux version", or, where that is lost, a firmware map after the previous boot's Memory: line. */
static bool starts_boot(const struct reader *r, const struct fact *f)
{
	if (!r->boot)
		return true;
	if (f->kind == FACT_LINUX_VERSION)
		return !only_hints(&r->boot->log);
	return f->kind == FACT_E820_BANNER && f->tag == TAG_NONE && r->seen_memory;
}

/* A line that only one kind of kernel prints decides traits; the first such line wins. */
static void take_evidence(struct boot_record *boot, const struct line_rule *rule, uint32_t line)
{
	if (rule->no_evidence)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rule->when); i++) {
		const struct rule_demand *d = &rule->when[i];
		struct trait *t = &boot->evidence[d->trait];

		if (d->trait != TRAIT_NONE && !d->other && t->basis != BASIS_EVIDENCE)
			*t = (struct trait){ d->value, BASIS_EVIDENCE, line };
	}
}

static void note_unknown_type(struct reader *r, const struct fact *f)
{
	struct strbuf text = { .arena = r->arena };
	struct note *note;

	if (f->kind != FACT_E820_ENTRY || f->v[2] != E820_TYPE_UNKNOWN)
		return;
	strbuf_printf(&text, "unknown memory type \"%.*s\"; its range is not used as RAM", STR_ARG(f->s[0]));
	note = vec_push(r->arena, &r->boot->notes);
	*note = (struct note){ f->line, strbuf_str(&text).p };
}

/* What follows initialisation depends on when the log was taken. */
static void keep_message(struct reader *r, struct str text)
{
	if (r->boot && !r->initialised)
		*vec_push(r->arena, &r->boot->messages) = text;
}

static void read_line(void *context, const struct log_line *line)
{
	struct reader *r = context;
	const struct line_rule *rule;
	struct fact f, *kept;

	if (r->boot) {
		r->boot->nr_lines++;
		r->boot->last_line = line->nr;
	}
	rule = rules_match(line->text, &f);
	if (!rule) {
		keep_message(r, line->text);
		if (r->boot)
			show_mem_line(r->arena, &r->boot->show_mem, line->text, line->nr);
		return;
	}
	f.line = line->nr;
	if (starts_boot(r, &f))
		new_boot(r, line->nr);
	keep_message(r, line->text);
	r->initialised |= f.kind == FACT_FREE_INIT || f.kind == FACT_FREE_INITMEM;
	kept = vec_push(r->arena, &r->boot->log);
	*kept = f;
	r->boot->nr_known++;
	take_evidence(r->boot, rule, line->nr);
	note_unknown_type(r, kept);
	if (f.kind == FACT_MEMORY || f.kind == FACT_MEMORY_X86 || f.kind == FACT_MEMORY_I386)
		r->seen_memory = true;
}

static void judge_completeness(struct boot_record *boot)
{
	boot->head_missing = !facts_first(&boot->log, FACT_LINUX_VERSION) || (!facts_first(&boot->log, FACT_E820_ENTRY) && !facts_first(&boot->log, FACT_MIPS_MAP));
	boot->tail_missing = !facts_first(&boot->log, FACT_MEMORY) && !facts_first(&boot->log, FACT_MEMORY_X86) &&
			     !facts_first(&boot->log, FACT_MEMORY_I386);
}

/* Every kernel since 2.6.33 edits its map at the debug level; a log of such a kernel without any such line was filtered. */
static void judge_level(struct boot_record *boot)
{
	boot->debug_missing = facts_first(&boot->log, FACT_LAST_PFN) && facts_first(&boot->log, FACT_LINUX_VERSION) && !boot->tail_missing;
	for (size_t i = 0; i < boot->log.nr; i++)
		if (fact_is_debug((enum fact_kind)boot->log.v[i].kind))
			boot->debug_missing = false;
}

void dmesg_parse(struct arena *arena, struct str bytes, struct boot_records *ret)
{
	struct reader r = { .arena = arena, .bytes = bytes, .boots = ret };

	rules_init();
	log_read(arena, bytes, read_line, &r);
	for (size_t i = 0; i < ret->nr; i++) {
		facts_index(arena, &ret->v[i].log);
		judge_completeness(&ret->v[i]);
		judge_level(&ret->v[i]);
	}
}
