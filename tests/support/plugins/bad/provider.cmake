# Faults of providers.
foreach(name
    double_completion never_completes completes_after_destroy foreign_op crossed_outcomes retry_in_doubt sent_in_doubt
    unknown_when_unsent retry_when_cut rejects_credentials rejects_server_error ignores_retry_after sends_again
    sends_late loses_rest_of_batch takes_more_than_it_says throws_in_send hangs_in_send blocks_in_send exits_in_send
    crashes_in_send crashes_on_huge_body echoes_bytes)
  heliograph_bad_plugin(${name} provider.cpp)
endforeach()
