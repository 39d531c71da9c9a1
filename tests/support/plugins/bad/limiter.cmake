# Faults of limiters.
foreach(name
    over_grants fixed_window forgets_early forgets_late wastes ignores_cost ignores_refund refunds_anybody grants_parts
    grants_more_than_asked retry_after_lies never_completes_pending throws_in_acquire blocks_in_acquire
    forgets_on_new_rules counts_by_index takes_any_algorithm keeps_keys)
  heliograph_bad_plugin(${name} limiter.cpp)
endforeach()
