# Faults of distributors.
foreach(name
    index_n picks_excluded reads_one_word ignores_weights random picks_weight_zero falls_back throws_in_pick errs_in_pick
    blocks_in_pick trusts_results never_forgives punishes_not_tried walks_by_index)
  heliograph_bad_plugin(${name} distributor.cpp)
endforeach()
