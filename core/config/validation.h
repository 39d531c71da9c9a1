// What must hold between sections: unique names, references that lead somewhere, sums within
// bounds.
//
// Runs after the sections were read, over the typed values; places come from the document. For
// loader.cpp only.
#pragma once

#include <string_view>

#include "core/config/config.h"
#include "core/config/document.h"
#include "core/config/table_reader.h"

namespace heliograph::config {

// Reports what is wrong; adds to `config.notes` what is only worth a warning, and takes back what
// cannot be (facades without a client).
void validate(const Node& root, Config& config, Report& report);

// The part of it that concerns [[route]].
void validate_routing(const Node& root, Config& config, Report& report);

// Where element `index` of [[array]] stands.
Origin origin_of(const Node& root, std::string_view array, std::size_t index);

}  // namespace heliograph::config
