// Route book: the routing rules as the dispatcher uses them - masks of providers, and a strategy of
// its own for each rule. [loop]
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/pipeline/dispatch_classes.h"
#include "core/pipeline/provider_board.h"
#include "core/pipeline/route_table.h"
#include "core/ports/distributor.h"

namespace heliograph::pipeline {

class RouteBook {
 public:
  // `table` and `board` outlive it.
  RouteBook(const RouteTable& table, const ProviderBoard& board);

  // Names of clients, for rules that ask for them when a waiting message is routed again.
  void know_clients(std::map<model::ClientId, std::string> names) { names_ = std::move(names); }

  // What a class's messages go by: a rule, none, or kRouteByRules when the class names no rule of
  // today: its messages were accepted under another configuration, or when no rule fitted.
  RouteIndex route_of(const ports::DispatchClass& meaning) const;
  // All that may be needed for messages of the class.
  ProviderMask carriers(const ports::DispatchClass& meaning) const;

  RouteIndex route_for(const model::WorkItem& item) const;
  ProviderMask providers(RouteIndex route, model::Channel channel) const;
  // The set that `item` of class `info` goes to.
  ProviderMask providers_of(const ClassInfo& info, const model::WorkItem& item) const {
    if (info.route != kRouteByRules) return info.providers;
    return providers(route_for(item), item.channel);
  }

 private:
  const RouteTable& table_;
  const ProviderBoard& board_;
  std::map<model::ClientId, std::string> names_;
};

// The strategies of all rules as one. Each has its own instance, so that a rule's weights and costs
// reach it as those of its candidates, and its turns are counted within the rule: of the interface
// to plugins nothing had to change.
class RouteDistributors final : public ports::Distributor {
 public:
  // `of_rules`: one for each rule of `table`; everything outlives it.
  RouteDistributors(const RouteTable& table, ports::Distributor& general,
                    std::vector<ports::Distributor*> of_rules);

  // Another pipeline has taken over, which may use the same strategies for other candidates: what
  // they still hear from here is how picks ended.
  void retire() { retired_ = true; }

  void on_candidates(std::span<const ports::Candidate> candidates) override;
  std::optional<ports::Pick> pick(const ports::PickRequest& request) override;
  void on_result(const ports::Pick& pick, model::ProviderKey provider, model::Outcome outcome,
                 std::chrono::nanoseconds latency) override;

 private:
  ports::Distributor& at(RouteIndex route);

  const RouteTable& table_;
  ports::Distributor& general_;
  const std::vector<ports::Distributor*> of_rules_;
  bool retired_ = false;
};

}  // namespace heliograph::pipeline
