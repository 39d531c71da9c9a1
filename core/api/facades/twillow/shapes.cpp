#include "core/api/facades/twillow/shapes.h"

#include <algorithm>

#include "core/api/message_json.h"

namespace heliograph::api::twillow {
namespace {

constexpr model::Status kAllStatuses[] = {model::Status::kScheduled,  model::Status::kQueued,
                                          model::Status::kSending,    model::Status::kSent,
                                          model::Status::kDelivered,  model::Status::kFailedTemp,
                                          model::Status::kFailedPerm, model::Status::kExpired,
                                          model::Status::kCancelled,  model::Status::kUnknown};

}  // namespace

http::Response error(unsigned status, std::string_view detail) {
  JsonWriter json;
  json.begin_object();
  json.text("detail", detail);
  json.end_object();
  return json_response(status, json);
}

http::Response invalid(const std::vector<FieldFault>& faults) {
  JsonWriter json;
  json.begin_object();
  json.begin_array("detail");
  for (const FieldFault& fault : faults) {
    json.begin_object();
    json.text("type", fault.type);
    json.begin_array("loc");
    json.text_element(fault.where);
    if (!fault.field.empty()) json.text_element(fault.field);
    json.end_array();
    json.text("msg", fault.message);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json_response(422, json);
}

std::string_view status_word(model::Status status) {
  using enum model::Status;
  switch (status) {
    case kScheduled:
    case kQueued:
      return "pending";
    case kSending:
    case kFailedTemp:
    case kUnknown:
      return "processing";
    case kSent:
    case kDelivered:
      return "completed";
    case kFailedPerm:
    case kExpired:
    case kCancelled:
      break;
  }
  return "failed";
}

std::vector<model::Status> statuses_of(std::string_view word) {
  std::vector<model::Status> found;
  std::ranges::copy_if(kAllStatuses, std::back_inserter(found),
                       [&](model::Status status) { return status_word(status) == word; });
  return found;
}

bool carries_sms(const pipeline::ProviderStatus& provider) {
  return std::ranges::find(provider.channels, model::Channel::kSms) != provider.channels.end();
}

void text_or_null(JsonWriter& json, std::string_view name, std::string_view value) {
  if (value.empty()) return json.null(name);
  json.text(name, value);
}

}  // namespace heliograph::api::twillow
