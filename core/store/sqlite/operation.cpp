#include "core/store/sqlite/operation.h"

#include <algorithm>

namespace heliograph::store {
namespace {

struct Delivery {
  ports::Executor* where;
  std::vector<Write> operations;
};

Delivery& delivery_for(std::vector<Delivery>& deliveries, ports::Executor& where) {
  const auto it = std::ranges::find(deliveries, &where, &Delivery::where);
  if (it != deliveries.end()) return *it;
  return deliveries.emplace_back(&where, std::vector<Write>{});
}

}  // namespace

void post_results(std::vector<Write> operations) {
  std::ranges::sort(operations, {}, [](const Write& write) { return write->sequence; });
  std::vector<Delivery> deliveries;  // a handful: the loop and the API threads
  for (Write& operation : operations) {
    delivery_for(deliveries, operation->where()).operations.push_back(std::move(operation));
  }
  for (Delivery& delivery : deliveries) {
    delivery.where->post([done = std::move(delivery.operations)] {
      for (const Write& operation : done) operation->complete();
    });
  }
}

void post_result(Read operation) {
  ports::Executor& where = operation->where();
  where.post([done = std::move(operation)] { done->complete(); });
}

}  // namespace heliograph::store
