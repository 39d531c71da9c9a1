#include "core/pipeline/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace heliograph::pipeline {

// What the store knows already is asked for once: interning is a transaction each, which waits for
// the writer's, and at a reload sends may wait for us.
std::vector<model::ProviderKey> intern_providers(ports::Store& store,
                                                 const std::vector<ProviderSlot>& slots) {
  const std::vector<ports::ProviderState> known = store.provider_states();
  std::vector<model::ProviderKey> keys;
  for (const ProviderSlot& slot : slots) {
    const std::string& name = slot.settings.id;
    const auto found = std::ranges::find(known, name, &ports::ProviderState::name);
    keys.push_back(found != known.end() ? found->key : store.intern_provider(name));
  }
  return keys;
}

void intern_classes(ports::Store& store, const ProviderBoard& board, const RouteTable& routes,
                    DispatchClasses& classes) {
  using Meaning = std::tuple<model::Channel, std::optional<model::ProviderKey>, std::string>;
  std::set<Meaning> known;
  for (const ports::DispatchClass& meaning : store.classes())
    known.insert({meaning.channel, meaning.pinned, meaning.route});
  const auto intern = [&](model::Channel channel, std::optional<model::ProviderKey> pinned,
                          const std::string& route) {
    if (known.insert({channel, pinned, route}).second) store.intern_class(channel, pinned, route);
  };
  for (std::size_t i = 0; i < board.size(); ++i) {
    for (const model::Channel channel : board[i].settings.channels) {
      intern(channel, std::nullopt, {});
      intern(channel, board[i].key, {});
    }
  }
  for (std::size_t i = 0; i < routes.size(); ++i) {
    for (const model::ChannelInfo& channel : model::channels()) {
      if ((routes.channels(i) & static_cast<std::uint32_t>(channel.channel)) == 0) continue;
      intern(channel.channel, std::nullopt, routes.rule(i).name);
    }
  }
  for (const ports::DispatchClass& meaning : store.classes()) classes.add(meaning);
}

void recover_messages(const PipelinePorts& ports, ports::Log& log, Dispatcher& dispatcher,
                      const Alive& alive) {
  for (const ports::QueueHead& head : ports.store.queue_heads())
    dispatcher.note_waiting(head.key, {head.first_due, 0});
  const std::vector<model::WorkItem> interrupted = ports.store.interrupted();
  if (!interrupted.empty()) {
    log.warn("attempts were interrupted by the last stop",
             {{"messages", fmt::to_string(interrupted.size())}});
  }
  for (const model::WorkItem& item : interrupted) {
    ports::FinishAttempt command = dispatcher.runner().decide_interrupted(item);
    const ports::QueueKey key{item.lane, item.client, command.dispatch_class};
    const ports::QueuePosition position{command.due, item.id.row()};
    auto done = alive.guard([&dispatcher, key, position](const ports::FinishResult& result) {
      if (result.applied && model::is_waiting(result.status))
        dispatcher.note_waiting(key, position);
    });
    ports.store.finish_attempt(std::move(command), ports.loop, std::move(done));
  }
}

}  // namespace heliograph::pipeline
