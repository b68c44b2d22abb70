/* redact_find.h - what a text gives away. */
#ifndef MIA_REDACT_FIND_H
#define MIA_REDACT_FIND_H

#include "mia/base.h"
#include "mia/str.h"

enum secret_kind { SECRET_HOST, SECRET_USER, SECRET_IP, SECRET_MAC, SECRET_UUID, SECRET_ID, SECRET_SERIAL, SECRET_LABEL, SECRET_KEY, NR_SECRETS };

struct secret {
	enum secret_kind kind;
	size_t at, n; /* in the text */
};

struct known_secret {
	enum secret_kind kind;
	struct str text;
	bool anywhere; /* hidden wherever the word stands: the log's own host name, but not "root" of "root@build" */
};

/* Secrets that were met before; their order gives the placeholders their numbers. */
struct known_secrets {
	struct known_secret *v;
	size_t nr, cap;
};

/* The first secret of @s at or behind @from; false if there is none. @plain: a text that looks like one and is none (the release). */
bool secret_find(const struct known_secrets *known, struct str s, size_t from, struct str plain, struct secret *ret);

/* The host name that a line of a system log begins with; empty if it has none. */
struct str host_of_line(struct str line);

#endif
