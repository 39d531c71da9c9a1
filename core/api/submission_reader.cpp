#include "core/api/submission_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/api/duration_field.h"
#include "core/api/json_fields.h"
#include "core/api/json_writer.h"
#include "core/api/metadata_field.h"
#include "core/api/submission_content.h"
#include "core/base/time_text.h"

namespace heliograph::api {
namespace {

void read_channel(JsonFields& fields, pipeline::Submission& submission) {
  const auto text = fields.text("channel");
  if (!text) return;
  if (const auto channel = model::parse_open_channel(*text)) {
    submission.channel = *channel;
  } else {
    fields.fail("channel", fmt::format("Must be {}.", model::list_open_channels()));
  }
}

// `express: true` is the older API's word for the urgent lane.
void read_lane(JsonFields& fields, pipeline::Submission& submission) {
  const auto priority = fields.text("priority");
  if (priority) {
    submission.lane = model::parse_lane(*priority);
    if (!submission.lane) fields.fail("priority", "Must be \"urgent\", \"normal\" or \"bulk\".");
  }
  if (!fields.boolean("express").value_or(false)) return;
  if (submission.lane.value_or(model::Lane::kUrgent) != model::Lane::kUrgent) {
    fields.fail("express", "Contradicts priority.");
  }
  submission.lane = model::Lane::kUrgent;
}

void read_in_doubt(JsonFields& fields, pipeline::Submission& submission) {
  const auto text = fields.text("in_doubt");
  if (!text) return;
  submission.in_doubt = model::parse_in_doubt(*text);
  if (submission.in_doubt) return;
  fields.fail("in_doubt",
              "Must be \"auto\", \"resolve_same\", \"at_least_once\" or \"at_most_once\".");
}

void read_send_at(JsonFields& fields, pipeline::Submission& submission) {
  const auto text = fields.text("send_at");
  if (!text) return;
  submission.send_at = base::parse_rfc3339(*text);
  if (!submission.send_at) {
    fields.fail("send_at", "Must be an RFC 3339 time such as \"2026-11-22T14:35:00Z\".");
  }
}

// `dlr_callback_url` is the older API's name for it.
void read_callback_url(JsonFields& fields, pipeline::Submission& submission) {
  const auto url = fields.text("callback_url");
  const auto older = fields.text("dlr_callback_url");
  if (url && older && *url != *older) fields.fail("dlr_callback_url", "Contradicts callback_url.");
  submission.callback_url = url ? *url : older.value_or("");
}

}  // namespace

std::expected<pipeline::Submission, http::Problem> read_submission(const JsonValue& body) {
  JsonFields fields(body);
  pipeline::Submission submission;
  submission.to = fields.required_text("to");
  submission.from = fields.text("from").value_or("");
  submission.text = fields.text("text").value_or("");
  submission.client_reference = fields.text("client_reference").value_or("");
  submission.provider = fields.text("provider").value_or("");
  read_channel(fields, submission);
  read_lane(fields, submission);
  read_in_doubt(fields, submission);
  read_callback_url(fields, submission);
  read_send_at(fields, submission);
  submission.timezone = fields.text("timezone").value_or("");
  submission.validity = read_validity(fields, "validity");
  const auto content_problem = read_content(fields, submission.content);
  const auto metadata_problem = read_metadata(fields, submission.metadata_json);
  submission.otp = fields.boolean("otp").value_or(false);

  if (auto problem = fields.finish()) return std::unexpected(std::move(*problem));
  if (content_problem) return std::unexpected(*content_problem);
  if (metadata_problem) return std::unexpected(*metadata_problem);
  return submission;
}

}  // namespace heliograph::api
