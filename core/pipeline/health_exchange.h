// Health exchange: tells the other gateways what this one saw of its providers, and each provider's
// health what they saw.
//
// Once a second, in one round trip for all providers, beside the messages and never before them.
// While the backend is away each gateway decides by its own counts, and what it could not tell is
// told later. [loop]
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/pipeline/alive.h"
#include "core/pipeline/health.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/provider_board.h"

namespace heliograph::pipeline {

class HealthExchange {
 public:
  // Does nothing when ports.shared_window is nullptr. `on_circuit`: a provider's circuit opened.
  HealthExchange(const PipelinePorts& ports, const config::Health& limits, ProviderBoard& board,
                 std::function<void(std::size_t)> on_circuit);
  void start();
  void stop();  // no further round begins

 private:
  // What is known of one provider at the other end.
  struct Told {
    Health::Seen seen;  // counted there
    std::uint64_t clean_starts = 0;
  };
  // What was asked in a round, to make sense of its answer.
  struct Asked {
    Health::Seen seen;
    Health::Counts own;
    std::uint64_t era = 0;
  };
  void round();
  void on_answer(const std::vector<Asked>& asked, const ports::SharedWindow::Answer& answer);
  std::vector<ports::SharedCounts> gather(std::vector<Asked>& asked);

  const PipelinePorts& ports_;
  ProviderBoard& board_;
  std::function<void(std::size_t)> on_circuit_;
  std::chrono::nanoseconds bucket_;
  std::vector<Told> told_;
  bool under_way_ = false;
  bool stopped_ = false;
  Alive alive_;
};

}  // namespace heliograph::pipeline
