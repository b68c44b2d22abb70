/* release.c - from "uname -r" to version numbers and the distribution that made the kernel. */
#include <ctype.h>

#include "mia/kernel.h"

static unsigned take_number(struct str *s)
{
	unsigned n = 0;

	while (s->n && isdigit((unsigned char)*s->p)) {
		n = n > 1000000 ? n : n * 10 + (unsigned)(*s->p - '0');
		*s = str_skip(*s, 1);
	}
	return n;
}

static bool take_dot(struct str *s)
{
	if (s->n < 2 || s->p[0] != '.' || !isdigit((unsigned char)s->p[1]))
		return false;
	*s = str_skip(*s, 1);
	return true;
}

/*
 * A word of the release that tells who built it. Enterprise kernels stay on one version; another one with the same mark is a
 * mainline kernel built for that distribution (5.15.20-1.el7), and has none of its backports.
 */
static const struct {
	const char *mark, *name;
	unsigned major, minor; /* 0: any */
} distributions[] = {
	{ ".el6", "el6", 2, 6 }, { ".el7", "el7", 3, 10 }, { ".el8", "el8", 4, 18 }, { ".el9", "el9", 5, 14 }, { ".el10", "el10", 6, 12 },
	{ "-generic", "ubuntu" }, { "-lowlatency", "ubuntu" }, { "-aws", "ubuntu" }, { "-azure", "ubuntu" }, { "-gcp", "ubuntu" },
	{ ".fc", "fedora" }, { ".amzn", "amazon" }, { "-default", "suse" }, { "-amd64", "debian" }, { "-686", "debian" },
	{ "-arch", "arch" }, { "-microsoft", "wsl" },
};

static void find_distribution(struct release *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(distributions); i++) {
		if (str_find(r->text, str_of(distributions[i].mark)) < 0)
			continue;
		if (distributions[i].major && (distributions[i].major != r->major || distributions[i].minor != r->minor))
			continue;
		for (size_t n = 0; distributions[i].name[n] && n + 1 < sizeof(r->distribution); n++) {
			r->distribution[n] = distributions[i].name[n];
			r->distribution[n + 1] = '\0';
		}
		return;
	}
}

/* The compiler calls itself Ubuntu's too, and stands first. */
static ptrdiff_t find_last(struct str s, struct str what)
{
	ptrdiff_t found = -1, at;

	for (size_t from = 0; from < s.n && (at = str_find(str_skip(s, from), what)) >= 0; from = (size_t)found + 1)
		found = (ptrdiff_t)from + at;
	return found;
}

/*
 * Debian and Ubuntu number their kernels by ABI; the upstream release stands in the build text: "Debian 6.1.192-2 (2026-11-16)",
 * "(Ubuntu 5.15.0-46.49-generic 5.15.39)".
 */
void release_refine(struct str build, struct release *ret)
{
	ptrdiff_t at = str_find(build, STR(" Debian ")), ubuntu = find_last(build, STR("(Ubuntu "));
	struct release upstream = { 0 };
	struct str s, word;

	if (at >= 0) {
		s = str_skip(build, (size_t)at + 8);
	} else if (ubuntu >= 0) {
		s = str_skip(build, (size_t)ubuntu + 8);
		if (!str_cut_word(&s, &word))
			return;
		s = str_trim(s);
	} else {
		return;
	}
	upstream.major = take_number(&s);
	if (!take_dot(&s))
		return;
	upstream.minor = take_number(&s);
	if (upstream.major != ret->major || upstream.minor != ret->minor || !take_dot(&s))
		return;
	ret->patch = take_number(&s);
}

void release_parse(struct str text, struct release *ret)
{
	struct str s = text;

	*ret = (struct release){ .text = text };
	if (!s.n || !isdigit((unsigned char)*s.p))
		return;
	ret->major = take_number(&s);
	if (!take_dot(&s))
		return;
	ret->minor = take_number(&s);
	ret->parsed = true;
	if (take_dot(&s))
		ret->patch = take_number(&s);
	/* 3.10.0-1160.el7: the build number stands behind the dash. */
	if (s.n && *s.p == '-') {
		s = str_skip(s, 1);
		ret->distro_build = take_number(&s);
	}
	find_distribution(ret);
}
