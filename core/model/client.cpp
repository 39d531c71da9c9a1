#include "core/model/client.h"

#include "core/model/words.h"

namespace heliograph::model {
namespace {

constexpr Words<Scope, 3> kScopeWords{
    {{kScopeSend, "send"}, {kScopeRead, "read"}, {kScopeAdmin, "admin"}}};

}  // namespace

std::optional<Scope> parse_scope(std::string_view text) { return value_of(kScopeWords, text); }

}  // namespace heliograph::model
