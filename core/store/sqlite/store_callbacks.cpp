// The callbacks' half of the ports: each call becomes one operation for the writer or a reader.
#include "core/store/sqlite/store_impl.h"

namespace heliograph::store {

using model::CallbackEndpoint;
using model::CallbackId;
using model::ClientId;

void StoreImpl::create_callback(ports::NewCallbackEndpoint endpoint, ports::Executor& where,
                                ports::Done<ports::CreateCallbackResult> done) {
  write<ports::CreateCallbackResult>(where, std::move(done),
                                     [endpoint = std::move(endpoint)](Engine& engine) {
                                       return engine.callback_endpoints().create(endpoint);
                                     });
}

void StoreImpl::update_callback(ClientId client, CallbackId id, ports::CallbackChanges changes,
                                ports::Executor& where,
                                ports::Done<std::optional<CallbackEndpoint>> done) {
  write<std::optional<CallbackEndpoint>>(
      where, std::move(done), [client, id, changes = std::move(changes)](Engine& engine) {
        return engine.callback_endpoints().update(client, id, changes);
      });
}

void StoreImpl::remove_callback(ClientId client, CallbackId id, ports::Executor& where,
                                ports::Done<bool> done) {
  write<bool>(where, std::move(done), [client, id](Engine& engine) {
    return engine.callback_endpoints().remove(client, id);
  });
}

void StoreImpl::rotate_callback_secret(ClientId client, CallbackId id, std::string secret,
                                       model::TimePoint previous_until, ports::Executor& where,
                                       ports::Done<std::optional<CallbackEndpoint>> done) {
  write<std::optional<CallbackEndpoint>>(
      where, std::move(done),
      [client, id, secret = std::move(secret), previous_until](Engine& engine) {
        return engine.callback_endpoints().rotate_secret(client, id, secret, previous_until);
      });
}

void StoreImpl::callback_url_secret(ClientId client, ports::Executor& where,
                                    ports::Done<model::CallbackSecrets> done) {
  write<model::CallbackSecrets>(where, std::move(done), [client](Engine& engine) {
    return engine.callback_endpoints().url_secret(client);
  });
}

void StoreImpl::list_callbacks(ClientId client, std::int64_t before_row, std::size_t limit,
                               ports::Executor& where,
                               ports::Done<ports::CallbackEndpointList> done) {
  read<ports::CallbackEndpointList>(ReadKind::kBrowsing, where, std::move(done),
                                    [client, before_row, limit](Queries& queries) {
                                      return queries.callbacks.list(client, before_row, limit);
                                    });
}

void StoreImpl::find_callback(ClientId client, CallbackId id, ports::Executor& where,
                              ports::Done<std::optional<CallbackEndpoint>> done) {
  read<std::optional<CallbackEndpoint>>(
      ReadKind::kBrowsing, where, std::move(done),
      [client, id](Queries& queries) { return queries.callbacks.find(client, id); });
}

void StoreImpl::message_callbacks(model::MessageId message, std::vector<model::TimePoint> moments,
                                  ports::Executor& where,
                                  ports::Done<std::vector<model::CallbackDelivery>> done) {
  read<std::vector<model::CallbackDelivery>>(
      ReadKind::kBrowsing, where, std::move(done),
      [message, moments = std::move(moments)](Queries& queries) {
        return queries.callbacks.of_message(message, moments);
      });
}

void StoreImpl::list_callback_deliveries(
    ports::CallbackDeliveryFilter filter, ports::Executor& where,
    ports::Done<std::optional<ports::CallbackDeliveryList>> done) {
  read<std::optional<ports::CallbackDeliveryList>>(
      ReadKind::kBrowsing, where, std::move(done),
      [filter](Queries& queries) { return queries.callbacks.deliveries(filter); });
}

void StoreImpl::replay_callback(ClientId client, CallbackId endpoint, CallbackId delivery,
                                ports::Executor& where, ports::Done<ports::ReplayResult> done) {
  auto work = [client, endpoint, delivery](Engine& engine) {
    return engine.callback_deliveries().replay(client, endpoint, delivery);
  };
  write<ports::ReplayResult>(where, std::move(done), std::move(work));
}

void StoreImpl::replay_failed_callbacks(ClientId client, CallbackId endpoint, std::size_t limit,
                                        ports::Executor& where,
                                        ports::Done<std::optional<ports::BulkReplayResult>> done) {
  write<std::optional<ports::BulkReplayResult>>(
      where, std::move(done), [client, endpoint, limit](Engine& engine) {
        return engine.callback_deliveries().replay_failed(client, endpoint, limit);
      });
}

void StoreImpl::callbacks_due(std::int64_t endpoint, model::TimePoint now, std::size_t limit,
                              ports::Executor& where, ports::Done<ports::CallbackPage> done) {
  ports::CallbackPage fallback;
  fallback.read = false;
  read<ports::CallbackPage>(
      ReadKind::kUrgent, where, std::move(done),
      [endpoint, now, limit](Queries& queries) {
        return queries.callbacks.due(endpoint, now, limit);
      },
      std::move(fallback));
}

void StoreImpl::finish_callbacks(std::vector<ports::CallbackResult> results,
                                 std::vector<std::int64_t> gone, ports::Executor& where,
                                 ports::Done<bool> done) {
  write<bool>(where, std::move(done),
              [results = std::move(results), gone = std::move(gone)](Engine& engine) {
                return engine.callback_deliveries().finish(results, gone);
              });
}

std::vector<ports::CallbackHead> StoreImpl::callback_heads() {
  const std::scoped_lock lock(engine_mutex_);
  return queries_.callbacks.heads();
}

void StoreImpl::watch_callbacks(ports::CallbackEvents& events) {
  committer_.set_callback_events(&events);
}

}  // namespace heliograph::store
