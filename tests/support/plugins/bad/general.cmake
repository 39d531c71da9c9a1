# Faults of any kind of plugin.
heliograph_bad_plugin(create_crashes general.c)
