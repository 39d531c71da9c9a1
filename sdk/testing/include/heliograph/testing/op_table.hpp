// OpTable: the tickets a fake host has given out, and the rule that each is completed exactly once.
//
// Not thread-safe: the host locks.
#pragma once

#include <heliograph/abi/abi.h>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace heliograph::sdk::testing {

enum class OpKind { kStep, kSend, kLimit, kIngress };

class OpTable {
 public:
  hg_op issue(OpKind kind);

  // The plugin said it did not take the op. Answers what it did wrong, "" for nothing.
  std::string withdraw(hg_op op);

  // HG_OK the first time, else HG_E_STALE, with what was done wrong in `violation`.
  hg_status complete(hg_op op, OpKind kind, std::string& violation);

  bool done(hg_op op) const;
  std::vector<hg_op> outstanding(OpKind kind) const;

 private:
  enum class State { kOpen, kDone, kWithdrawn };
  struct Entry {
    OpKind kind;
    State state;
  };

  // Far from small numbers, so that an index mistaken for an op is noticed.
  hg_op last_ = 0x7000'0000'0000'0000;
  std::map<hg_op, Entry> entries_;
};

}  // namespace heliograph::sdk::testing
