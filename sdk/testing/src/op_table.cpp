#include <heliograph/testing/op_table.hpp>

#include <array>

namespace heliograph::sdk::testing {
namespace {

constexpr std::array<const char*, 4> kNames{"life cycle step", "send", "acquire", "ingress"};

std::string named(OpKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

}  // namespace

hg_op OpTable::issue(OpKind kind) {
  entries_.emplace(++last_, Entry{kind, State::kOpen});
  return last_;
}

std::string OpTable::withdraw(hg_op op) {
  Entry& entry = entries_.at(op);
  if (entry.state == State::kOpen) {
    entry.state = State::kWithdrawn;
    return {};
  }
  return "a " + named(entry.kind) + " was completed and then reported as not taken";
}

hg_status OpTable::complete(hg_op op, OpKind kind, std::string& violation) {
  const auto found = entries_.find(op);
  if (found == entries_.end()) {
    violation = "completion of a " + named(kind) + " that the host never gave out";
    return HG_E_STALE;
  }
  Entry& entry = found->second;
  if (entry.kind != kind) {
    violation = "a " + named(entry.kind) + " was completed as a " + named(kind);
    return HG_E_STALE;
  }
  if (entry.state != State::kOpen) {
    violation = entry.state == State::kDone
                    ? "a " + named(kind) + " was completed twice"
                    : "a " + named(kind) + " that was not taken was completed";
    return HG_E_STALE;
  }
  entry.state = State::kDone;
  return HG_OK;
}

bool OpTable::done(hg_op op) const {
  const auto found = entries_.find(op);
  return found != entries_.end() && found->second.state == State::kDone;
}

std::vector<hg_op> OpTable::outstanding(OpKind kind) const {
  std::vector<hg_op> open;
  for (const auto& [op, entry] : entries_) {
    if (entry.kind == kind && entry.state == State::kOpen) open.push_back(op);
  }
  return open;
}

}  // namespace heliograph::sdk::testing
