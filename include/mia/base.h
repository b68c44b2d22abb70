/*
 * base.h - addresses, page frame numbers and ranges.
 *
 * Every range is half-open, [start, end). The kernel prints inclusive ends; they are converted where text is read
 * (parsers/) and where it is written (reports/), and nowhere between. A range that reaches the last byte of the
 * 64-bit address space ends at UINT64_MAX and so loses that byte, as the kernel's own arithmetic does.
 */
#ifndef MIA_BASE_H
#define MIA_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)
/* Devices and zones of 32 bits reach no further. */
#define LIMIT_4G (4 * GIB)

#define PAGE_SHIFT 12
#define PAGE_SIZE (UINT64_C(1) << PAGE_SHIFT)
/* Frames that a 64-bit physical address can name; parsers refuse a larger pfn, so PFN_PHYS() cannot overflow. */
#define PFN_LIMIT (UINT64_C(1) << (64 - PAGE_SHIFT))

/* One past the last byte that the model handles: everything a 52-bit physical address reaches. */
#define PHYS_LIMIT (UINT64_C(1) << 52)

#define NUMA_NO_NODE (-1)

static inline uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* a + b, or UINT64_MAX where that would wrap. */
static inline uint64_t add_sat(uint64_t a, uint64_t b) { return a + b < a ? UINT64_MAX : a + b; }
static inline uint64_t sub_sat(uint64_t a, uint64_t b) { return a < b ? 0 : a - b; }

/* @align is a power of two here; round_up_to() below takes any. */
static inline uint64_t align_down(uint64_t x, uint64_t align) { return x & ~(align - 1); }
static inline uint64_t align_up(uint64_t x, uint64_t align) { return align_down(add_sat(x, align - 1), align); }
static inline uint64_t round_up_to(uint64_t x, uint64_t unit) { return unit ? (x + unit - 1) / unit * unit : x; }
static inline uint64_t div_up(uint64_t x, uint64_t unit) { return x / unit + (x % unit != 0); }

static inline uint64_t PFN_UP(uint64_t addr) { return (addr >> PAGE_SHIFT) + ((addr & (PAGE_SIZE - 1)) != 0); }
static inline uint64_t PFN_DOWN(uint64_t addr) { return addr >> PAGE_SHIFT; }
static inline uint64_t PFN_PHYS(uint64_t pfn) { return pfn >= PFN_LIMIT ? UINT64_MAX : pfn << PAGE_SHIFT; }
static inline uint64_t pages_to_kib(uint64_t pages) { return pages << (PAGE_SHIFT - 10); }
static inline uint64_t kib_to_pages(uint64_t kib) { return kib >> (PAGE_SHIFT - 10); }

/* floor(log2(x)); x is not 0. */
static inline unsigned ilog2_u64(uint64_t x) { return 63u - (unsigned)__builtin_clzll(x); }
/* The kernel's fls(): 1-based index of the highest set bit, 0 for 0. */
static inline unsigned fls_u64(uint64_t x) { return x ? ilog2_u64(x) + 1 : 0; }
static inline uint64_t roundup_pow_of_two(uint64_t x) { return x <= 1 ? 1 : UINT64_C(1) << (ilog2_u64(x - 1) + 1); }
static inline uint64_t rounddown_pow_of_two(uint64_t x) { return x ? UINT64_C(1) << ilog2_u64(x) : 0; }
/* The kernel's get_order(): smallest order whose block holds @bytes. */
static inline unsigned get_order(uint64_t bytes)
{
	uint64_t pages = bytes ? PFN_UP(bytes) : 1;

	return pages <= 1 ? 0 : ilog2_u64(pages - 1) + 1;
}

/* Bytes of physical memory. */
struct phys_range {
	uint64_t start, end;
};

struct phys_ranges {
	struct phys_range *v;
	size_t nr, cap;
};

/* Page frames. */
struct pfn_range {
	uint64_t start, end;
};

static inline uint64_t phys_len(struct phys_range r) { return r.end > r.start ? r.end - r.start : 0; }
static inline uint64_t pfn_len(struct pfn_range r) { return r.end > r.start ? r.end - r.start : 0; }

static inline struct phys_range phys_clip(struct phys_range a, struct phys_range b)
{
	struct phys_range r = { max_u64(a.start, b.start), min_u64(a.end, b.end) };

	return r.end > r.start ? r : (struct phys_range){ 0, 0 };
}

static inline struct pfn_range pfn_clip(struct pfn_range a, struct pfn_range b)
{
	struct pfn_range r = { max_u64(a.start, b.start), min_u64(a.end, b.end) };

	return r.end > r.start ? r : (struct pfn_range){ 0, 0 };
}

static inline bool phys_overlaps(struct phys_range a, struct phys_range b)
{
	return a.start < b.end && b.start < a.end;
}

/* The whole pages inside @r. */
static inline struct pfn_range pfn_inside(struct phys_range r)
{
	struct pfn_range p = { PFN_UP(r.start), PFN_DOWN(r.end) };

	return p.end > p.start ? p : (struct pfn_range){ p.start, p.start };
}

#endif
