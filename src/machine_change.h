/*
 * machine_change.h - the same machine with more memory, other nodes, other CPUs: what if.
 *
 * How the map of a machine with another amount of memory looks is the firmware's decision. The rules:
 *
 *   - Memory fills addresses from 0 up to a split below 4 GiB, and goes on from 4 GiB. QEMU's i440FX machine splits at 3 GiB where it
 *     has 3.5 GiB or more, its Q35 at 2 GiB from 2.75 GiB on; both are exact. Any other machine keeps the split it has; one that
 *     has no memory above 4 GiB yet splits at 3 GiB if it is a guest, else at 2 GiB, or at what it has if that is more.
 *   - What the firmware keeps at the top of low memory (tables, its own code and data, the RAM disk under it) moves with that top;
 *     everything else stays where it is.
 *   - Memory above 4 GiB leaves out what is reserved there; QEMU moves all of it behind such a range (the HyperTransport hole below 1 TiB).
 *   - Nodes keep their shares and their order.
 */
#ifndef MIA_MACHINE_CHANGE_H
#define MIA_MACHINE_CHANGE_H

#include "mia/error.h"
#include "mia/machine.h"

/* Bytes from address 0 to the end of memory, without the hole below 4 GiB: what -m of QEMU names. */
uint64_t machine_memory_bytes(struct arena *arena, const struct machine *machine);

/*
 * Each changes @machine in place. *@guessed is set where the firmware's decision is not known for sure. Errors are MIA_ERROR_USAGE.
 * @initrd_limit: the loader puts no byte of the RAM disk at or above it (the kernel's header says what the kernel can take).
 */
struct mia_error *machine_set_memory(struct arena *arena, struct machine *machine, uint64_t bytes, uint64_t initrd_limit, bool *guessed);
struct mia_error *machine_add_memory(struct arena *arena, struct machine *machine, uint64_t bytes, int node, uint64_t initrd_limit, bool *guessed);
struct mia_error *machine_set_nodes(struct arena *arena, struct machine *machine, uint64_t nr);
struct mia_error *machine_set_cpus(struct arena *arena, struct machine *machine, uint64_t nr);
/* CPUs that may come, beside those that there are: up to @nr. */
void machine_add_cpus(struct arena *arena, struct machine *machine, uint64_t nr);
/* Another map: the RAM disk and the tables stay where they are. */
void machine_set_map(struct arena *arena, struct machine *machine, const struct machine *from);

#endif
