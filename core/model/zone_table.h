// Time zones by telephone number, and the names of all of them, from the tz database.
//
// zone_table.cpp is generated (tools/generate_zone_table.mjs). Only names: the rules of a zone are
// in the system's tz database. Pure; thread-safe.
#pragma once

#include <span>
#include <string_view>

namespace heliograph::model {

// IANA names of every zone of the country a number in E.164 belongs to ("+14155552671"): a number
// says where it was given out, not where in the country its owner is. Of countries whose numbers
// cannot be told apart, the zones of all. Empty for numbers of no country (satellites, "+800").
std::span<const std::string_view> zones_of_number(std::string_view number);

// Every zone that zones_of_number() can answer, some of them more than once.
std::span<const std::string_view> country_zones();

// "Europe/Berlin", and older names such as "Asia/Calcutta". Says nothing about whether this system
// has the zone's rules.
bool is_zone_name(std::string_view name);

}  // namespace heliograph::model
