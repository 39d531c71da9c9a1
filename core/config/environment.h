// The environment as a source of configuration.
//
// Both functions write into the document, so that what a variable sets is read, checked and
// reported like a line of the file. They note each variable that took effect, by name: values may
// be secrets. For loader.cpp only.
#pragma once

#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/config/document.h"
#include "core/config/loader.h"
#include "core/config/table_reader.h"

namespace heliograph::config {

using Notes = std::vector<std::string>;

// HELIOGRAPH_<SECTION>_<KEY>, HELIOGRAPH_PROVIDER_<ID>_<KEY> and their like. A variable of that
// prefix that names no key is an error, unless the file refers to it ("env:HELIOGRAPH_...").
void apply_environment(const Environment& environment, Node& root, Notes& notes, Report& report);

// The variables of the systems that this gateway replaces: RATE_LIMIT_WINDOW, PORT, LOG_LEVEL, ...
// (the table is in docs/configuration.md). Applied before the above, which is stronger.
void apply_replaced_systems(const Environment& environment, Node& root, Mock& mock, Notes& notes,
                            Report& report);

}  // namespace heliograph::config
