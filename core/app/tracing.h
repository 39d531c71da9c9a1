// Tracing: the exporter of spans with a thread and connections of its own, so that a collector
// costs the dispatch loop nothing. Nothing at all where no collector is configured.
#pragma once

#include <memory>

#include "core/config/config.h"
#include "core/ports/clock.h"
#include "core/ports/log.h"
#include "core/ports/tracer.h"

namespace heliograph::app {

class Tracing {
 public:
  // `clock` and `log` outlive it.
  Tracing(const config::Tracing& settings, const ports::Clock& clock, ports::Log* log);
  ~Tracing();

  ports::Tracer* tracer() const;  // nullptr: tracing is off. Lives as long as this
  void start();
  // Delivers what waits, for at most a second.
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;  // nullptr: off
};

}  // namespace heliograph::app
