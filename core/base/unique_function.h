// A callable that is moved, called once or often, and never copied: tasks handed between threads,
// completions of a store operation. std::move_only_function of C++23 under one name, so that its
// absence in a library is one file's business.
#pragma once

#include <functional>

namespace heliograph::base {

template <class Signature>
using UniqueFunction = std::move_only_function<Signature>;

using Task = UniqueFunction<void()>;

}  // namespace heliograph::base
