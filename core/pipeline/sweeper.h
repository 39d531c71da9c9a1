// Sweeper: the work that is done in the background and in small pieces - messages whose validity is
// over, holds nothing resolves, data whose retention is over.
//
// Once a minute each of the three walks goes through the store, a bounded number of rows at a time
// with a pause between, so that it never shows in the latency of a send. Waiting messages are also
// checked when they are read and placed; the sweep is for those nobody reads. [loop]
#pragma once

#include <cstdint>
#include <functional>

#include "core/base/unique_function.h"
#include "core/pipeline/alive.h"
#include "core/pipeline/pipeline.h"

namespace heliograph::pipeline {

class Sweeper {
 public:
  // `each_minute` runs at the beginning of each round.
  Sweeper(const PipelinePorts& ports, base::Task each_minute);
  void start();  // the first round is a minute from now
  void stop();   // no further step begins

 private:
  using Next = void (Sweeper::*)(std::int64_t);
  void round();
  void expire(std::int64_t from_row);
  void settle(std::int64_t);
  void erase(std::int64_t);
  // The rest of a walk after a pause, or the next walk.
  void go_on(const ports::SweepResult& result, Next same, Next next);
  void wait_for_next_round();

  const PipelinePorts& ports_;
  base::Task each_minute_;
  bool stopped_ = false;
  Alive alive_;
};

}  // namespace heliograph::pipeline
