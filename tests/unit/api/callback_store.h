// CallbackStore: the store's port of callbacks over a list, for tests of the API. It keeps
// endpoints and deliveries as a test puts them. One thread.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ports/store_callbacks.h"

namespace heliograph::test {

class CallbackStore final : public ports::StoreCallbacks {
 public:
  using Endpoint = std::optional<model::CallbackEndpoint>;

  std::vector<model::CallbackEndpoint> endpoints;
  std::vector<model::CallbackDelivery> deliveries;  // of every endpoint
  ports::ReplayResult replay = ports::ReplayResult::kQueued;
  ports::BulkReplayResult bulk;
  model::TimePoint previous_until{};  // of the last rotation
  bool full = false;
  std::vector<model::TimePoint> asked_moments;  // of message_callbacks()

  void create_callback(ports::NewCallbackEndpoint given, ports::Executor& where,
                       ports::Done<ports::CreateCallbackResult> done) override {
    if (full) return answer<ports::CreateCallbackResult>(where, done, ports::CallbackLimit{});
    model::CallbackEndpoint endpoint;
    endpoint.id = model::CallbackId::from_parts(++last_row_, 1);
    endpoint.client = given.client;
    endpoint.url = given.url;
    endpoint.description = given.description;
    endpoint.events = given.events;
    endpoint.enabled = given.enabled;
    endpoint.secrets.current = given.secret;
    endpoints.push_back(endpoint);
    answer<ports::CreateCallbackResult>(where, done, endpoint);
  }
  void update_callback(model::ClientId client, model::CallbackId id, ports::CallbackChanges changes,
                       ports::Executor& where, ports::Done<Endpoint> done) override {
    model::CallbackEndpoint* endpoint = find(client, id);
    if (endpoint == nullptr) return answer<Endpoint>(where, done, std::nullopt);
    if (changes.url) endpoint->url = *changes.url;
    if (changes.description) endpoint->description = *changes.description;
    if (changes.events) endpoint->events = *changes.events;
    if (changes.enabled) endpoint->enabled = *changes.enabled;
    answer<Endpoint>(where, done, *endpoint);
  }
  void remove_callback(model::ClientId client, model::CallbackId id, ports::Executor& where,
                       ports::Done<bool> done) override {
    const bool found = find(client, id) != nullptr;
    std::erase_if(endpoints, [&](const auto& endpoint) { return found && endpoint.id == id; });
    answer<bool>(where, done, found);
  }
  void rotate_callback_secret(model::ClientId client, model::CallbackId id, std::string secret,
                              model::TimePoint until, ports::Executor& where,
                              ports::Done<Endpoint> done) override {
    model::CallbackEndpoint* endpoint = find(client, id);
    if (endpoint == nullptr) return answer<Endpoint>(where, done, std::nullopt);
    endpoint->secrets.previous = std::exchange(endpoint->secrets.current, std::move(secret));
    endpoint->secrets.previous_until = previous_until = until;
    answer<Endpoint>(where, done, *endpoint);
  }
  void callback_url_secret(model::ClientId, ports::Executor& where,
                           ports::Done<model::CallbackSecrets> done) override {
    answer<model::CallbackSecrets>(
        where, done, {.current = std::string(32, 'u'), .previous = {}, .previous_until = {}});
  }
  void list_callbacks(model::ClientId client, std::int64_t, std::size_t, ports::Executor& where,
                      ports::Done<ports::CallbackEndpointList> done) override {
    ports::CallbackEndpointList page;
    for (const auto& endpoint : endpoints) {
      if (endpoint.client == client) page.endpoints.push_back(endpoint);
    }
    answer<ports::CallbackEndpointList>(where, done, page);
  }
  void find_callback(model::ClientId client, model::CallbackId id, ports::Executor& where,
                     ports::Done<Endpoint> done) override {
    const model::CallbackEndpoint* endpoint = find(client, id);
    answer<Endpoint>(where, done, endpoint != nullptr ? Endpoint(*endpoint) : std::nullopt);
  }
  void list_callback_deliveries(
      ports::CallbackDeliveryFilter filter, ports::Executor& where,
      ports::Done<std::optional<ports::CallbackDeliveryList>> done) override {
    using Found = std::optional<ports::CallbackDeliveryList>;
    if (find(filter.client, filter.endpoint) == nullptr) {
      return answer<Found>(where, done, std::nullopt);
    }
    ports::CallbackDeliveryList page;
    for (const auto& delivery : deliveries) {
      if (!filter.state || delivery.state == *filter.state) page.deliveries.push_back(delivery);
    }
    answer<Found>(where, done, page);
  }
  void message_callbacks(model::MessageId message, std::vector<model::TimePoint> moments,
                         ports::Executor& where,
                         ports::Done<std::vector<model::CallbackDelivery>> done) override {
    asked_moments = std::move(moments);
    std::vector<model::CallbackDelivery> found;
    for (const auto& delivery : deliveries) {
      if (delivery.message == message) found.push_back(delivery);
    }
    answer<std::vector<model::CallbackDelivery>>(where, done, found);
  }
  void replay_callback(model::ClientId client, model::CallbackId id, model::CallbackId,
                       ports::Executor& where, ports::Done<ports::ReplayResult> done) override {
    answer<ports::ReplayResult>(
        where, done, find(client, id) != nullptr ? replay : ports::ReplayResult::kNotFound);
  }
  void replay_failed_callbacks(model::ClientId client, model::CallbackId id, std::size_t,
                               ports::Executor& where,
                               ports::Done<std::optional<ports::BulkReplayResult>> done) override {
    using Found = std::optional<ports::BulkReplayResult>;
    answer<Found>(where, done, find(client, id) != nullptr ? Found(bulk) : std::nullopt);
  }

  // The dispatcher's: no business of the API's.
  void callbacks_due(std::int64_t, model::TimePoint, std::size_t, ports::Executor&,
                     ports::Done<ports::CallbackPage>) override {}
  void finish_callbacks(std::vector<ports::CallbackResult>, std::vector<std::int64_t>,
                        ports::Executor&, ports::Done<bool>) override {}
  std::vector<ports::CallbackHead> callback_heads() override { return {}; }
  void watch_callbacks(ports::CallbackEvents&) override {}

 private:
  template <class Result>
  static void answer(ports::Executor& where, ports::Done<Result>& done, Result result) {
    where.post([done = std::move(done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  }
  model::CallbackEndpoint* find(model::ClientId client, model::CallbackId id) {
    const auto found = std::ranges::find(endpoints, id, &model::CallbackEndpoint::id);
    return found != endpoints.end() && found->client == client ? &*found : nullptr;
  }

  std::int64_t last_row_ = (std::int64_t{1'764'000'000'000} << 16) + 1;
};

}  // namespace heliograph::test
