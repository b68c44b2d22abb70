/* test_input.c - files, folders and archives in every layout become inputs, and hostile ones errors of one line. */
#include "input_walk.h"
#include "mia/sha256.h"

/* one file */

static void digests_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *text;
		size_t times;
		const char *digest;
	} table[] = {
		{ "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "aaaaaaaaaa", 100000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct sha256 sha;
		char hex[65];

		sha256_init(&sha);
		for (size_t j = 0; j < table[i].times; j++)
			sha256_add(&sha, table[i].text, strlen(table[i].text));
		sha256_hex(&sha, hex);
		assert_string_equal(hex, table[i].digest);
	}
}

static void a_log_is_one_input(void **state)
{
	(void)state;
	put("boot.log", LOG);
	assert_string_equal(walk("boot.log"), "boot.log dmesg\n");
	assert_null(returned);
	assert_int_equal(seen.log_bytes, strlen(LOG));
	assert_memory_equal(seen.log, LOG, strlen(LOG));
	assert_false(seen.truncated);
	/* printf of the three lines | sha256sum */
	assert_string_equal(seen.sha256, "63516354d5d8646954993571e0003e97172fcaa27d06b75ed4b95f3aceec5ddb");
}

static void compression_is_known_by_content(void **state)
{
	static const int filters[] = { ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD,
				       ARCHIVE_FILTER_LZ4 };

	(void)state;
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		put_compressed("misnamed.txt", filters[i], LOG, strlen(LOG));
		assert_string_equal(walk("misnamed.txt"), "misnamed.txt dmesg\n");
		assert_int_equal(seen.log_bytes, strlen(LOG));
		assert_memory_equal(seen.log, LOG, strlen(LOG));
	}
}

/* Text that does not compress to nothing. */
static size_t long_log(char *bytes, size_t cap)
{
	size_t n = (size_t)snprintf(bytes, cap, "%s", LOG);

	for (unsigned i = 0, x = 1; n + 100 < cap; i++) {
		x = x * 1664525 + 1013904223;
		n += (size_t)snprintf(bytes + n, cap - n, "[%5u.%06u] line %u of noise %08x\n", i / 1000, x % 1000000, i, x);
	}
	return n;
}

static void a_stream_that_ends_early_gives_what_it_has(void **state)
{
	static char text[200000], packed[200000];
	size_t n = long_log(text, sizeof(text)), m;

	(void)state;
	put_compressed("whole.gz", ARCHIVE_FILTER_GZIP, text, n);
	m = get("whole.gz", packed, sizeof(packed));
	for (size_t cut = 3; cut <= 6; cut++) {
		put_bytes("cut.gz", packed, m / cut);
		assert_string_equal(walk("cut.gz"), "cut.gz dmesg\n");
		assert_true(seen.truncated);
		assert_true(seen.log_bytes > n / cut / 2);
		assert_true(seen.log_bytes < n);
		assert_memory_equal(seen.log, text, seen.log_bytes);
	}
	put_bytes("cut.gz", packed, 11);
	assert_string_equal(walk("cut.gz"), "cut.gz ! cut.gz: the data ends before anything can be read\n");
}

static void wrong_data_is_an_error(void **state)
{
	static char text[200000], packed[200000];
	size_t n = long_log(text, sizeof(text)), m;

	(void)state;
	put_compressed("bad.gz", ARCHIVE_FILTER_GZIP, text, n);
	m = get("bad.gz", packed, sizeof(packed));
	memset(packed + m / 2, 0x5a, 64);
	put_bytes("bad.gz", packed, m);
	assert_string_equal(walk("bad.gz"), "bad.gz ! bad.gz: damaged gzip data\n");
	put_compressed("bad.xz", ARCHIVE_FILTER_XZ, text, n);
	m = get("bad.xz", packed, sizeof(packed));
	memset(packed + m / 2, 0x5a, 64);
	put_bytes("bad.xz", packed, m);
	walk("bad.xz");
	assert_int_equal(seen.visits, 1);
	assert_non_null(strstr(seen.text, "bad.xz ! bad.xz: "));
}

static void a_bomb_is_an_error(void **state)
{
	size_t n = (size_t)80 << 20;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', n);
	put_compressed("bomb.gz", ARCHIVE_FILTER_GZIP, text, n);
	free(text);
	assert_string_equal(walk("bomb.gz"), "bomb.gz ! bomb.gz: more data than a log has, when unpacked\n");
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_string_equal(walk("missing"), "");
	assert_string_equal(returned, "missing: No such file or directory");
	assert_int_equal(mkfifo(at("pipe"), 0600), 0);
	assert_string_equal(walk("pipe"), "");
	assert_string_equal(returned, "pipe: neither a file nor a folder");
	assert_int_equal(symlink("/dev/zero", at("device")), 0);
	assert_string_equal(walk("device"), "");
	assert_string_equal(returned, "device: neither a file nor a folder");
	put("empty.log", "");
	assert_string_equal(walk("empty.log"), "empty.log ! empty.log: an empty file\n");
	put("evil\nname", "");
	walk("evil\nname");
	assert_non_null(strstr(seen.text, "! evil\\x0aname: an empty file"));
}

static void what_may_not_be_read_is_an_error(void **state)
{
	uid_t was = geteuid();

	(void)state;
	put("secret/dmesg", LOG);
	put("logs/a.log", LOG);
	put("logs/b.log", LOG);
	assert_int_equal(chmod(at("logs/a.log"), 0), 0);
	assert_int_equal(chmod(at("secret"), 0), 0);
	assert_int_equal(chmod(top, 0755), 0);
	if (!was)
		assert_int_equal(seteuid(65534), 0);
	walk("logs/a.log");
	assert_string_equal(seen.text, "");
	assert_string_equal(returned, "logs/a.log: Permission denied");
	assert_string_equal(walk("logs"), "logs/a.log ! logs/a.log: Permission denied\nlogs/b.log dmesg\n");
	walk("secret");
	assert_string_equal(returned, "secret: Permission denied");
	if (!was)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(at("secret"), 0755), 0);
}

static void standard_input_is_read(void **state)
{
	int was = dup(STDIN_FILENO), ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], LOG, strlen(LOG)), strlen(LOG));
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	walk("-");
	dup2(was, STDIN_FILENO);
	close(was);
	assert_string_equal(seen.text, "- dmesg\n");
	assert_int_equal(seen.log_bytes, strlen(LOG));
}

/* archives */

static const struct file two_bundles[] = {
	{ "fleet/b/dmesg.txt", LOG }, { "fleet/b/zoneinfo.txt", ZONEINFO }, { "fleet/a/dmesg", LOG },
	{ "fleet/a/proc/meminfo", MEMINFO }, { "fleet/c.log", LOG }, { "fleet/notes.txt", "nothing here\n" },
};

static void archives_act_like_folders(void **state)
{
	static const char want[] = "x:fleet/a dmesg,meminfo\nx:fleet/b dmesg,zoneinfo\nx:fleet/c.log dmesg\n";

	(void)state;
	PUT_ARCHIVE("x", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, two_bundles);
	assert_string_equal(walk("x"), want);
	PUT_ARCHIVE("x", ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_XZ, two_bundles);
	assert_string_equal(walk("x"), want);
	PUT_ARCHIVE("x", ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_ZSTD, two_bundles);
	assert_string_equal(walk("x"), want);
	PUT_ARCHIVE("x", ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, two_bundles);
	assert_string_equal(walk("x"), want);
	PUT_ARCHIVE("x", ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, ARCHIVE_FILTER_GZIP, two_bundles);
	assert_string_equal(walk("x"), want);
}

static void a_bundle_in_an_archive_has_the_archives_name(void **state)
{
	static const struct file files[] = { { "sos-host-1/dmesg", LOG }, { "sos-host-1/proc/zoneinfo", ZONEINFO } };

	(void)state;
	PUT_ARCHIVE("sos.tar.gz", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, files);
	assert_string_equal(walk("sos.tar.gz"), "sos.tar.gz dmesg,zoneinfo\n");
}

static void nothing_leads_out_of_an_archive(void **state)
{
	static const struct file files[] = {
		{ "../dmesg", LOG },
		{ "/etc/dmesg", LOG },
		{ "a/../../dmesg", LOG },
		{ "link/dmesg", NULL, "/var/log/dmesg", AE_IFLNK },
		{ "device/dmesg", NULL, NULL, AE_IFCHR },
		{ "./ok/dmesg", LOG },
		{ "hard/dmesg", NULL, "/etc/passwd", 0 },
		{ "ok/..zoneinfo", ZONEINFO },
	};

	(void)state;
	PUT_ARCHIVE("evil.tar", ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_NONE, files);
	assert_string_equal(walk("evil.tar"), "evil.tar:ok/dmesg dmesg\n");
}

static void compressed_members_are_read(void **state)
{
	static char packed[65536];
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t n;

	(void)state;
	put_compressed("inner.gz", ARCHIVE_FILTER_GZIP, LOG, strlen(LOG));
	n = get("inner.gz", packed, sizeof(packed));
	archive_write_set_format_pax_restricted(a);
	archive_write_add_filter_gzip(a);
	assert_int_equal(archive_write_open_filename(a, at("outer.tgz")), ARCHIVE_OK);
	archive_entry_set_pathname(entry, "host/dmesg.gz");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, (la_int64_t)n);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, packed, n), n);
	archive_entry_free(entry);
	archive_write_close(a);
	archive_write_free(a);
	assert_string_equal(walk("outer.tgz"), "outer.tgz:host/dmesg.gz dmesg\n");
	assert_memory_equal(seen.log, LOG, strlen(LOG));
}

static void an_archive_that_ends_early_gives_what_it_has(void **state)
{
	static char text[100000], packed[300000];
	struct file files[] = { { "a/dmesg", text }, { "a/zoneinfo", ZONEINFO }, { "b/dmesg", text }, { "b/zoneinfo", ZONEINFO } };
	size_t n;

	(void)state;
	long_log(text, sizeof(text));
	PUT_ARCHIVE("whole.tar", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, files);
	n = get("whole.tar", packed, sizeof(packed));
	put_bytes("cut.tar", packed, n / 4 * 3);
	assert_string_equal(walk("cut.tar"), "cut.tar:a dmesg,zoneinfo\ncut.tar:b/dmesg dmesg\n");
	assert_true(seen.truncated);
	PUT_ARCHIVE("whole.tgz", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, files);
	n = get("whole.tgz", packed, sizeof(packed));
	put_bytes("cut.tgz", packed, n / 2);
	walk("cut.tgz");
	assert_non_null(strstr(seen.text, "dmesg"));
	assert_true(seen.truncated);
}

static void an_archive_of_other_things_is_an_error(void **state)
{
	static const struct file files[] = { { "notes.txt", "nothing\n" }, { "bin/dmesg", "\177ELF\1\2\3\4\5\6\7\1\1\1\1\1" } };

	(void)state;
	PUT_ARCHIVE("other.zip", ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, files);
	assert_string_equal(walk("other.zip"), "other.zip ! other.zip: no Linux boot log in this archive\n");
}

/* folders */

static void a_bundle_is_one_input(void **state)
{
	(void)state;
	put("plain/dmesg", LOG);
	put("plain/zoneinfo", ZONEINFO);
	put("plain/meminfo.txt", MEMINFO);
	put("plain/sysctl_min_free_kbytes", "45056\n");
	put("plain/version", "Linux version 6.1.0-test (a@b) (gcc) #1 SMP\n");
	put("plain/source.txt", "somewhere\n");
	assert_string_equal(walk("plain"), "plain dmesg,zoneinfo,meminfo,version,min_free_kbytes\n");
}

static void layouts_of_collectors_are_known(void **state)
{
	(void)state;
	put("sos/sos_commands/kernel/dmesg", LOG);
	put("sos/sos_commands/memory/lsmem_-a_-o_RANGE_SIZE_STATE",
	    "RANGE SIZE STATE\n0x0000000000000000-0x000000007fffffff 2G online\nMemory block size: 128M\n");
	put("sos/proc/zoneinfo", ZONEINFO);
	put("sos/proc/iomem", IOMEM);
	put("sos/proc/sys/vm/min_free_kbytes", "1\n");
	put("sos/var/log/dmesg", "[    5.000000] too late\n");
	assert_string_equal(walk("sos"), "sos dmesg,zoneinfo,iomem,min_free_kbytes,lsmem\n");
	assert_memory_equal(seen.log, LOG, strlen(LOG));

	put("probe/logs/dmesg", LOG);
	put("probe/logs/dmidecode", "# dmidecode 3.4\nHandle 0x1, DMI type 17, 92 bytes\nMemory Device\n\tSize: 8 GB\n");
	assert_string_equal(walk("probe"), "probe dmesg,dmidecode\n");

	put("proc/proc/meminfo", MEMINFO);
	put("proc/var/log/dmesg", LOG);
	assert_string_equal(walk("proc"), "proc dmesg,meminfo\n");
}

static void the_log_with_its_start_is_taken(void **state)
{
	(void)state;
	put("sos/sos_commands/kernel/dmesg", "[ 5000.000000] the ring buffer has wrapped\n");
	put("sos/var/log/dmesg", LOG);
	put("sos/proc/zoneinfo", ZONEINFO);
	assert_string_equal(walk("sos"), "sos dmesg,zoneinfo\n");
	assert_memory_equal(seen.log, LOG, strlen(LOG));
}

static void sys_is_gathered(void **state)
{
	static const char want[] = "0 0x0 0x9fbff System RAM\n2 0xf0000 0xfffff Reserved\n10 0x100000 0x7ffdffff System RAM\n";

	(void)state;
	put("m/sys/firmware/memmap/0/start", "0x0\n");
	put("m/sys/firmware/memmap/0/end", "0x9fbff\n");
	put("m/sys/firmware/memmap/0/type", "System RAM\n");
	put("m/sys/firmware/memmap/10/start", "0x100000\n");
	put("m/sys/firmware/memmap/10/end", "0x7ffdffff\n");
	put("m/sys/firmware/memmap/10/type", "System RAM\n");
	put("m/sys/firmware/memmap/2/start", "0xf0000\n");
	put("m/sys/firmware/memmap/2/end", "0xfffff\n");
	put("m/sys/firmware/memmap/2/type", "Reserved\n");
	assert_string_equal(walk("m"), "m firmware_memmap\n");
	assert_int_equal(seen.log_bytes, strlen(want));
	assert_memory_equal(seen.log, want, strlen(want));
}

static void each_log_of_a_folder_is_an_input(void **state)
{
	(void)state;
	put("var/kern.log", LOG);
	put("var/dmesg", LOG);
	put("var/dmesg.0", LOG);
	put("var/auth.log", "Nov 20 22:29:01 host sshd[1]: hello\n");
	put("var/program", "\177ELF\1\2\3\4\5\6\7");
	put("var/deep/er/b.log", LOG);
	put("var/host/dmesg.txt", LOG);
	put("var/host/zoneinfo.txt", ZONEINFO);
	put_compressed("var/old.1.gz", ARCHIVE_FILTER_GZIP, LOG, strlen(LOG));
	PUT_ARCHIVE("var/z.tar", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, two_bundles);
	assert_string_equal(walk("var"), "var/deep/er/b.log dmesg\nvar/dmesg dmesg\nvar/dmesg.0 dmesg\nvar/host dmesg,zoneinfo\n"
					 "var/kern.log dmesg\nvar/old.1.gz dmesg\nvar/z.tar:fleet/a dmesg,meminfo\n"
					 "var/z.tar:fleet/b dmesg,zoneinfo\nvar/z.tar:fleet/c.log dmesg\n");
	assert_null(returned);
	seen.stop_after = 2;
	walk("var");
	assert_int_equal(seen.visits, 2);
}

static void an_empty_log_in_a_folder_is_told(void **state)
{
	(void)state;
	put("f/a/dmesg.txt", "");
	put("f/b/dmesg.txt", LOG);
	put("f/c/empty", "");
	assert_string_equal(walk("f"), "f/a/dmesg.txt ! f/a/dmesg.txt: an empty file\nf/b/dmesg.txt dmesg\n");
}

static void a_folder_without_logs_is_an_error(void **state)
{
	(void)state;
	put("none/readme", "nothing\n");
	assert_string_equal(walk("none"), "");
	assert_string_equal(returned, "none: no Linux boot log in this folder");
}

static void links_stay_in_the_folder(void **state)
{
	(void)state;
	put("outside/secret.log", LOG);
	put("root/real/a.log", LOG);
	assert_int_equal(symlink("real/a.log", at("root/b.log")), 0);
	assert_int_equal(symlink("../outside/secret.log", at("root/c.log")), 0);
	assert_int_equal(symlink("../outside", at("root/d")), 0);
	assert_int_equal(symlink("..", at("root/e")), 0);
	assert_int_equal(symlink("real", at("root/again")), 0);
	assert_int_equal(symlink("nowhere", at("root/f.log")), 0);
	assert_int_equal(mkfifo(at("root/g.log"), 0600), 0);
	assert_string_equal(walk("root"), "root/b.log dmesg\nroot/real/a.log dmesg\n");
	/* Nor by way of a bundle's layout. */
	put("outside/zoneinfo", ZONEINFO);
	put("bundle/dmesg", LOG);
	assert_int_equal(symlink("../outside", at("bundle/proc")), 0);
	assert_string_equal(walk("bundle"), "bundle/dmesg dmesg\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(digests_are_those_of_the_standard),
		TEST(a_log_is_one_input),
		TEST(compression_is_known_by_content),
		TEST(a_stream_that_ends_early_gives_what_it_has),
		TEST(wrong_data_is_an_error),
		TEST(a_bomb_is_an_error),
		TEST(what_is_no_file_is_refused),
		TEST(what_may_not_be_read_is_an_error),
		TEST(standard_input_is_read),
		TEST(archives_act_like_folders),
		TEST(a_bundle_in_an_archive_has_the_archives_name),
		TEST(nothing_leads_out_of_an_archive),
		TEST(compressed_members_are_read),
		TEST(an_archive_that_ends_early_gives_what_it_has),
		TEST(an_archive_of_other_things_is_an_error),
		TEST(a_bundle_is_one_input),
		TEST(layouts_of_collectors_are_known),
		TEST(the_log_with_its_start_is_taken),
		TEST(sys_is_gathered),
		TEST(each_log_of_a_folder_is_an_input),
		TEST(an_empty_log_in_a_folder_is_told),
		TEST(a_folder_without_logs_is_an_error),
		TEST(links_stay_in_the_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
