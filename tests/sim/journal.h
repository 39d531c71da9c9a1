// Journal: everything that happens in a simulation, in order - as a digest, by which two runs are
// compared, and, where it is wanted, as lines that people read.
//
// It is the pipeline's log too, so that the decisions stand between the events that caused them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/ids.h"
#include "core/ports/log.h"
#include "tests/support/virtual_time.h"

namespace heliograph::sim {

class Journal final : public ports::Log {
 public:
  // `keep`: the lines too, for story().
  Journal(const test::VirtualClock& clock, bool keep) : clock_(clock), keep_(keep) {}

  // `about`: the message concerned; none: the world.
  void add(std::optional<model::MessageId> about, std::string_view what);
  std::uint64_t digest() const { return digest_; }
  // The lines about a message, and those about the world between them.
  std::string story(model::MessageId id) const;

  // ports::Log
  bool enabled(ports::LogLevel) const override { return true; }
  void write(ports::LogLevel level, std::string_view event, const ports::LogField* fields,
             std::size_t count) override;

 private:
  void keep(std::string about, std::string_view what);
  void mix(std::string_view bytes);

  struct Line {
    ports::MonoTime at;
    std::string about;  // the id as text; empty: the world
    std::string what;
  };
  const test::VirtualClock& clock_;
  const bool keep_;
  std::vector<Line> lines_;
  std::uint64_t digest_ = 14'695'981'039'346'656'037ull;  // FNV-1a
};

}  // namespace heliograph::sim
