/* The scalar types of plugin ABI 1.0 and the entry's signature, which 1_0.h names without saying
 * what they are. Not to be edited: they are what they are for the life of major version 1. */
#ifndef HG_GOLDEN_1_0_SCALARS_H
#define HG_GOLDEN_1_0_SCALARS_H

HG_GOLDEN_TYPEDEF(hg_op, uint64_t)
HG_GOLDEN_TYPEDEF(hg_id, uint64_t)
HG_GOLDEN_TYPEDEF(hg_status, int32_t)
HG_GOLDEN(entry_signature, HG_GOLDEN_SAME_TYPE(hg_entry_fn, __typeof__(&hg_plugin_entry_v1)))

#endif
