#include <heliograph/testing/driver.hpp>

#include <utility>

#include "drivers_common.hpp"

namespace heliograph::sdk::testing {

ProviderDriver::ProviderDriver(Instance& instance)
    : instance_(instance), provider_(vtable<hg_provider>(instance, HG_KIND_PROVIDER)) {}

hg_provider_caps ProviderDriver::caps() {
  hg_provider_caps caps{};
  caps.size = sizeof(caps);
  hg_status status = HG_OK;
  instance_.host().in_phase(Phase::kControl,
                            [&] { status = provider_.caps(instance_.raw(), &caps); });
  if (status != HG_OK) instance_.host().violation("caps() failed");
  return caps;
}

ProviderDriver::Sent ProviderDriver::send(const MessageSpec& message, const SendSpec& how) {
  return offer({message}, how).front();
}

std::vector<ProviderDriver::Sent> ProviderDriver::send_batch(
    const std::vector<MessageSpec>& messages) {
  return offer(messages, {});
}

std::optional<SendRecord> ProviderDriver::result_of(const MessageSpec& message,
                                                    const SendSpec& how) {
  const Sent sent = send(message, how);
  instance_.host().run();
  return instance_.host().sent(sent.op);
}

std::vector<ProviderDriver::Sent> ProviderDriver::offer(const std::vector<MessageSpec>& messages,
                                                        const SendSpec& how) {
  FakeHost& host = instance_.host();
  std::vector<hg_send_item> items;
  for (const MessageSpec& message : messages) {
    const hg_op op = host.issue(OpKind::kSend);
    const hg_message* raw = host.keep(op, std::make_unique<StoredMessage>(message));
    items.push_back({op, raw, how.deadline_mono_ns, how.attempt, how.flags});
  }
  std::size_t accepted = 0;
  hg_status status = HG_OK;
  host.in_loop(
      [&] { status = provider_.send(instance_.raw(), items.data(), items.size(), &accepted); });
  if (status == HG_OK) accepted = items.size();
  if (accepted > items.size()) host.violation("send() accepted more than it was offered");
  std::vector<Sent> sent;
  for (std::size_t i = 0; i < items.size(); ++i) {
    sent.push_back({items[i].op, status, i < accepted});
    if (i >= accepted) host.withdraw(items[i].op);
  }
  return sent;
}

void ProviderDriver::cancel(hg_op op, hg_status why) {
  if (provider_.cancel == nullptr) return;
  instance_.host().in_loop([&] { provider_.cancel(instance_.raw(), op, why); });
}

}  // namespace heliograph::sdk::testing
