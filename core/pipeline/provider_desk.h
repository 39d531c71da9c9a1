// Provider desk: what operators see of the providers and do to them, and the keeping of their state
// across restarts. [loop]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/pipeline/alive.h"
#include "core/pipeline/dispatcher.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/provider_board.h"

namespace heliograph::pipeline {

class ProviderDesk final : public ProviderWatcher {
 public:
  ProviderDesk(const PipelinePorts& ports, ports::Log& log, ProviderBoard& board);
  // Whom it tells of changes; before anything else is called.
  void attach(Dispatcher& dispatcher) { dispatcher_ = &dispatcher; }

  // States as saved by an earlier run; those of providers that are not configured are ignored.
  void restore(const std::vector<ports::ProviderState>& states);
  void save(std::size_t provider, base::Task done = {});
  void save_all();  // those with something to keep

  std::vector<ProviderStatus> list();
  // `done` with the state afterwards; nullopt: no such provider.
  using Answer = base::UniqueFunction<void(std::optional<ProviderStatus>)>;
  void act(const std::string& name, ProviderAction action, Answer done);
  void quarantine(std::size_t provider, std::string reason);
  Distribution distribution(bool reset);

  // ProviderWatcher
  void on_circuit(std::size_t provider) override;  // says it and saves it
  void on_slot_free(std::size_t) override { check_drains(); }

 private:
  struct Drain {
    std::size_t provider;
    Answer done;
  };
  void check_drains();
  void set_enabled(std::size_t provider, bool enabled);
  ProviderStatus status(std::size_t provider);

  const PipelinePorts& ports_;
  ports::Log& log_;
  ProviderBoard& board_;
  Dispatcher* dispatcher_ = nullptr;
  std::vector<Drain> drains_;
  model::TimePoint counted_since_;
  Alive alive_;
};

}  // namespace heliograph::pipeline
