// Test support: how often this program has asked for memory. What pick() must not do at all.
// Under ThreadSanitizer nothing is counted.
#pragma once

namespace heliograph::plugins::distributors {

long allocations();

}  // namespace heliograph::plugins::distributors
