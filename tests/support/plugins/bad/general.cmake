# Faults of any kind of plugin.
foreach(name IN ITEMS
    no_fault create_crashes create_hangs leaks_thread leaks_descriptor writes_to_stdout
    installs_signal_handler blocks_signals changes_folder changes_locale changes_umask
    sets_environment logs_secret aborts_on_config leaks_memory key_not_named refuses_defaults
    refuses_silently secret_in_error no_instance start_exits start_never_completes
    start_completes_twice drain_never_ends no_destroy destroy_crashes schema_is_no_json
    schema_of_a_list default_does_not_fit example_does_not_fit component_of_size_0 id_with_spaces
    module_of_size_0 module_of_huge_size other_major needs_newer_minor works_when_loaded no_entry
    another_module_each_time refuses_newer_hosts takes_any_major refuses_without_words
    reads_beyond_host_info undefined_symbol)
  heliograph_bad_plugin(${name} general.c)
endforeach()
heliograph_bad_plugin(extra_exports general.c EXPORTS_ALL)
heliograph_bad_plugin(executable_stack general.c LINK_OPTIONS -Wl,-z,execstack)
foreach(name IN ITEMS create_throws create_throws_number start_throws)
  heliograph_bad_plugin(${name} general.cpp)
endforeach()
heliograph_bad_plugin(unique_symbol general.cpp EXPORTS_ALL)
