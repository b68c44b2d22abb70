/*
 * redact_find.c - see redact_find.h.
 *
 * Shapes (addresses, UUIDs) are found wherever they stand; names only where their surroundings say what they are: options of the
 * command line, the paths of home folders, the columns of a system log.
 */
#include "redact_find.h"

#include <ctype.h>
#include <strings.h>

/* Hexadecimal digits in a row that may be a key, a machine's id or a hash. */
#define LONG_HEX 32

static bool is_hex(char c) { return isxdigit((unsigned char)c); }
static bool is_word(char c) { return isalnum((unsigned char)c); }
static char at(struct str s, size_t i) { return i < s.n ? s.p[i] : '\0'; }

static size_t run(struct str s, size_t i, bool (*is)(char))
{
	size_t n = 0;

	while (i + n < s.n && is(s.p[i + n]))
		n++;
	return n;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool in_value(char c) { return c && !isspace((unsigned char)c) && c != '"' && c != '\'' && c != ','; }
static bool in_option(char c) { return c && !isspace((unsigned char)c) && c != '"' && c != '\''; }
static bool in_name(char c) { return is_word(c) || c == '-' || c == '_' || c == '.' || (unsigned char)c >= 0x80; }

/* Does something begin here, and not in the middle of a word? */
static bool begins(struct str s, size_t i) { return !i || !is_word(s.p[i - 1]); }

static bool starts_ignoring_case(struct str s, size_t i, const char *words)
{
	size_t n = strlen(words);

	return s.n - i >= n && !strncasecmp(s.p + i, words, n);
}

/* --- shapes; each returns the length of what it finds at @i, 0 for nothing --- */

static size_t uuid_at(struct str s, size_t i)
{
	static const unsigned char groups[] = { 8, 4, 4, 4, 12 };
	size_t n = 0;

	for (size_t g = 0; g < ARRAY_SIZE(groups); g++) {
		if (g && at(s, i + n++) != '-')
			return 0;
		if (run(s, i + n, is_hex) != groups[g])
			return 0;
		n += groups[g];
	}
	return n;
}

/* "00:16:3e:0a:0b:0c", and with "-"; BOOTIF has the kind of hardware in front. */
static size_t mac_at(struct str s, size_t i)
{
	char between = at(s, i + 2);
	size_t groups = 1;

	if (run(s, i, is_hex) != 2 || (between != ':' && between != '-'))
		return 0;
	while (at(s, i + 3 * groups - 1) == between && run(s, i + 3 * groups, is_hex) == 2)
		groups++;
	return groups == 6 || groups == 7 ? 3 * groups - 1 : 0;
}

static size_t ipv4_at(struct str s, size_t i)
{
	size_t n = 0;

	for (int g = 0; g < 4; g++) {
		size_t digits;
		uint64_t value;

		if (g && at(s, i + n++) != '.')
			return 0;
		digits = run(s, i + n, is_digit);
		if (!digits || digits > 3 || !str_to_u64((struct str){ s.p + i + n, digits }, 10, &value) || value > 255)
			return 0;
		n += digits;
	}
	/* Versions have more parts, or letters behind. */
	return at(s, i + n) == '.' && is_word(at(s, i + n + 1)) ? 0 : n;
}

/* Eight groups, or fewer with "::" between two of them; times and PCI addresses have neither. */
static size_t ipv6_at(struct str s, size_t i)
{
	size_t n = 0, groups = 0;
	bool gap = false;

	for (;;) {
		size_t digits = run(s, i + n, is_hex);

		if (digits > 4 || (!digits && !gap && !groups))
			return 0;
		n += digits;
		groups += digits > 0;
		if (at(s, i + n) != ':' || (!is_hex(at(s, i + n + 1)) && at(s, i + n + 1) != ':'))
			break;
		n++;
		if (at(s, i + n) == ':') {
			if (gap)
				return 0;
			gap = true;
			n++;
		}
	}
	return groups == 8 || (gap && groups >= 2 && groups < 8) ? n : 0;
}

static size_t long_hex_at(struct str s, size_t i)
{
	size_t n = run(s, i, is_hex);

	return n >= LONG_HEX && !is_word(at(s, i + n)) ? n : 0;
}

/* "someone@somewhere": the user; the host behind it is found on its own. */
static size_t mail_user_at(struct str s, size_t i)
{
	size_t n = run(s, i, in_name);

	return n && at(s, i + n) == '@' && is_word(at(s, i + n + 1)) && isalpha((unsigned char)s.p[i]) ? n : 0;
}

static size_t mail_host_at(struct str s, size_t i)
{
	/* "crashkernel=64M@32M" and "memmap=1G@4G" have numbers there. */
	if (!i || s.p[i - 1] != '@' || !isalpha((unsigned char)at(s, i)) || i < 2 || !in_name(s.p[i - 2]))
		return 0;
	return run(s, i, in_name);
}

/* --- names by what stands before them --- */

struct marked {
	const char *mark; /* in any case, at the start of a word */
	enum secret_kind kind;
	bool (*is)(char); /* characters of the secret */
};

static const struct marked marks[] = {
	{ "/home/", SECRET_USER, in_name },
	{ "/Users/", SECRET_USER, in_name },
	{ "\\Users\\", SECRET_USER, in_name },
	{ "user=", SECRET_USER, in_value },
	{ "username=", SECRET_USER, in_value },
	{ "rd.iscsi.username=", SECRET_USER, in_value },
	{ "LABEL=", SECRET_LABEL, in_value },
	{ "PARTLABEL=", SECRET_LABEL, in_value },
	{ "/by-label/", SECRET_LABEL, in_value },
	{ "/by-partlabel/", SECRET_LABEL, in_value },
	{ "/by-id/", SECRET_SERIAL, in_value },
	{ "/by-uuid/", SECRET_UUID, in_value },
	{ "UUID=", SECRET_UUID, in_value },
	{ "PARTUUID=", SECRET_UUID, in_value },
	{ "/dev/mapper/", SECRET_LABEL, in_value },
	{ "rd.lvm.lv=", SECRET_LABEL, in_value },
	{ "rd.luks.name=", SECRET_LABEL, in_value },
	{ "ZFS=", SECRET_LABEL, in_value },
	{ "ssid=", SECRET_LABEL, in_value },
	{ "ssid ", SECRET_LABEL, in_value },
	{ "rd.md.uuid=", SECRET_UUID, in_value },
	{ "cryptdevice=", SECRET_LABEL, in_option },
	{ "hostname=", SECRET_HOST, in_value },
	{ "systemd.hostname=", SECRET_HOST, in_value },
	{ "set hostname to <", SECRET_HOST, in_name },
	{ "hostname set to <", SECRET_HOST, in_name },
	{ "host=", SECRET_HOST, in_value },
	{ "realm=", SECRET_HOST, in_value },
	{ "domain=", SECRET_HOST, in_value },
	{ "server=", SECRET_HOST, in_value },
	/* A source's host, user and path. */
	{ "://", SECRET_HOST, in_option },
	{ "root=nfs:", SECRET_HOST, in_option },
	{ "root=nfs4:", SECRET_HOST, in_option },
	{ "root=iscsi:", SECRET_HOST, in_option },
	{ "root=nbd:", SECRET_HOST, in_option },
	{ "inst.ks=", SECRET_HOST, in_option },
	{ "inst.repo=", SECRET_HOST, in_option },
	{ "ks=", SECRET_HOST, in_option },
	{ "nfsroot=", SECRET_HOST, in_option },
	{ "netroot=", SECRET_HOST, in_option },
	{ "nfsaddrs=", SECRET_IP, in_option },
	{ "ip=", SECRET_IP, in_option },
	{ "nameserver=", SECRET_IP, in_option },
	{ "BOOTIF=", SECRET_MAC, in_value },
	{ "machine_id=", SECRET_ID, in_value },
	{ "machine-id=", SECRET_ID, in_value },
	{ "wwn-0x", SECRET_SERIAL, in_name },
	{ "wwn=", SECRET_SERIAL, in_value },
	{ "SerialNumber: ", SECRET_SERIAL, in_value },
	{ "Serial Number: ", SECRET_SERIAL, in_value },
	{ "serial=", SECRET_SERIAL, in_value },
	{ "iqn.", SECRET_ID, in_value },
	{ "nqn.", SECRET_ID, in_value },
	{ "naa.", SECRET_SERIAL, in_name },
	{ "eui.", SECRET_SERIAL, in_name },
	{ "rd.zfcp=", SECRET_SERIAL, in_option },
	{ "zfcp.device=", SECRET_SERIAL, in_option },
	{ "S/N: ", SECRET_SERIAL, in_value },
	{ "SN: ", SECRET_SERIAL, in_value },
};

/* Options whose name says that their value is nobody's business. */
static const char *const key_words[] = { "password", "passwd",  "passphrase", "secret", "token",
					 "cryptkey", "keyfile", "credential", "key",    "auth",  "psk" };

static bool in_option_name(char c) { return is_word(c) || c == '_' || c == '-' || c == '.'; }

/* "cryptkey=...", "rd.luks.key=...", "install.password=...": the whole value. @i is where the value starts. */
static size_t key_value_at(struct str s, size_t i)
{
	size_t name = i - (i > 0);

	if (!i || s.p[i - 1] != '=')
		return 0;
	while (name && in_option_name(s.p[name - 1]))
		name--;
	for (size_t k = 0; k < ARRAY_SIZE(key_words); k++) {
		size_t n = strlen(key_words[k]);

		for (size_t j = name; j + n < i; j++)
			/* "key", "auth" and "psk" as the last word of a name only: not "keyboard=", "author=", "monkey=". */
			if (starts_ignoring_case(s, j, key_words[k]) && (n > 4 || (j + n + 1 == i && begins(s, j))))
				return run(s, i, in_option);
	}
	return 0;
}

static bool marked_at(struct str s, size_t i, struct secret *ret)
{
	for (size_t k = 0; k < ARRAY_SIZE(marks); k++) {
		size_t n = strlen(marks[k].mark);

		if (i < n || !starts_ignoring_case(s, i - n, marks[k].mark))
			continue;
		if (is_word(*marks[k].mark) && !begins(s, i - n))
			continue;
		*ret = (struct secret){ marks[k].kind, i, run(s, i, marks[k].is) };
		return ret->n > 0;
	}
	return false;
}

static bool shape_at(struct str s, size_t i, struct str plain, struct secret *ret)
{
	static const struct {
		enum secret_kind kind;
		size_t (*length)(struct str s, size_t i);
	} shapes[] = {
		{ SECRET_UUID, uuid_at },   { SECRET_MAC, mac_at },        { SECRET_IP, ipv6_at },        { SECRET_IP, ipv4_at },
		{ SECRET_ID, long_hex_at }, { SECRET_USER, mail_user_at }, { SECRET_HOST, mail_host_at },
	};

	if (!begins(s, i) || (plain.n && str_starts(str_skip(s, i), plain)))
		return false;
	for (size_t k = 0; k < ARRAY_SIZE(shapes); k++) {
		size_t n = shapes[k].length(s, i);

		if (!n || is_word(at(s, i + n)))
			continue;
		*ret = (struct secret){ shapes[k].kind, i, n };
		return true;
	}
	return false;
}

static bool known_at(const struct known_secrets *known, struct str s, size_t i, struct secret *ret)
{
	if (!begins(s, i))
		return false;
	for (size_t k = 0; k < known->nr; k++) {
		struct str secret = known->v[k].text;

		if (known->v[k].anywhere && str_starts(str_skip(s, i), secret) && !is_word(at(s, i + secret.n)) &&
		    (!ret->n || secret.n > ret->n))
			*ret = (struct secret){ known->v[k].kind, i, secret.n };
	}
	return ret->n > 0;
}

bool secret_find(const struct known_secrets *known, struct str s, size_t from, struct str plain, struct secret *ret)
{
	for (size_t i = from; i < s.n; i++) {
		size_t key = key_value_at(s, i);

		*ret = (struct secret){ SECRET_KEY, i, key };
		if (key || marked_at(s, i, ret))
			return true;
		*ret = (struct secret){ 0 };
		if (known_at(known, s, i, ret) || shape_at(s, i, plain, ret))
			return true;
	}
	return false;
}

/* --- the host of a system log --- */

static bool is_time(struct str word)
{
	bool colon = false;

	for (size_t i = 0; i < word.n; i++) {
		if (!is_digit(word.p[i]) && !strchr(":.+-TZ", word.p[i]))
			return false;
		colon |= word.p[i] == ':';
	}
	return colon;
}

/* "_HOSTNAME":"HOST" of a journal as JSON, _HOSTNAME=HOST of an exported one. */
static struct str host_of_field(struct str line)
{
	static const struct str field = STR("_HOSTNAME");
	ptrdiff_t at = str_find(line, field);
	size_t i = at < 0 ? line.n : (size_t)at + field.n;

	while (i < line.n && strchr("\": =", line.p[i]))
		i++;
	return (struct str){ line.p + i, run(line, i, in_name) };
}

/* "Feb 04 09:34:04 HOST kernel: ", "[    0.000000] HOST kernel: ", "2026-08-09T10:11:12+00:00 HOST kernel: " */
struct str host_of_line(struct str line)
{
	struct str head = { line.p, line.n < 200 ? line.n : 200 }, rest, next, word = { 0 }, before = { 0 };
	ptrdiff_t kernel = str_find(head, STR(" kernel: "));

	if (kernel < 0)
		return host_of_field(line);
	rest = (struct str){ line.p, (size_t)kernel };
	while (str_cut_word(&rest, &next)) {
		before = word;
		word = next;
	}
	/* The last word, where the one before it is a time or the end of one. */
	if (!word.n || !is_word(word.p[0]) || is_time(word) || str_ends(word, STR("]")) || str_is(word, "localhost"))
		return (struct str){ 0 };
	return is_time(before) || str_ends(before, STR("]")) ? word : (struct str){ 0 };
}
