#include "core/model/content.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/base64.h"

namespace heliograph::model {
namespace {

using Json = nlohmann::json;

constexpr const char* kSubject = "subject";
constexpr const char* kHtml = "html";
constexpr const char* kMedia = "media";
constexpr const char* kAttachments = "attachments";
constexpr const char* kUrl = "url";
constexpr const char* kName = "name";
constexpr const char* kType = "content_type";
constexpr const char* kBytes = "content";

void put(Json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

// The member `name` of an object; nullptr where there is none. Throws where `value` is no object.
Json* member(Json& value, const char* name) {
  auto& object = value.get_ref<Json::object_t&>();
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &found->second;
}

std::string take(Json& object, const char* name) {
  Json* found = member(object, name);
  return found == nullptr ? std::string() : std::move(found->get_ref<std::string&>());
}

// Calls `read` with each entry of the array `name`.
template <class Read>
void each(Json& object, const char* name, Read read) {
  Json* found = member(object, name);
  if (found == nullptr) return;
  for (Json& entry : found->get_ref<Json::array_t&>()) read(entry);
}

template <class Target>
void read_common(Json& document, Target& out) {
  out.subject = take(document, kSubject);
  out.html = take(document, kHtml);
  each(document, kMedia, [&](Json& entry) {
    out.media.push_back({.url = take(entry, kUrl), .content_type = take(entry, kType)});
  });
}

// `read` may throw Json::exception where a value is of another kind than pack() writes.
template <class Target, class Read>
std::optional<Target> read_document(std::string_view packed, Read read) {
  Json document = Json::parse(packed, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  try {
    Target out;
    read(document, out);
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

std::string pack(const Content& content) {
  if (content.empty()) return {};
  Json document = Json::object();
  put(document, kSubject, content.subject);
  put(document, kHtml, content.html);
  for (const Media& media : content.media) {
    Json entry{{kUrl, media.url}};
    put(entry, kType, media.content_type);
    document[kMedia].push_back(std::move(entry));
  }
  for (const Attachment& attachment : content.attachments) {
    document[kAttachments].push_back({{kName, attachment.name},
                                      {kType, attachment.content_type},
                                      {kBytes, base::to_base64(attachment.bytes)}});
  }
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Content> unpack(std::string_view packed) {
  bool intact = true;
  auto content = read_document<Content>(packed, [&](Json& document, Content& out) {
    read_common(document, out);
    each(document, kAttachments, [&](Json& entry) {
      auto bytes = base::from_base64(take(entry, kBytes));
      intact &= bytes.has_value();
      out.attachments.push_back({.name = take(entry, kName),
                                 .content_type = take(entry, kType),
                                 .bytes = std::move(bytes).value_or(std::string())});
    });
  });
  return intact ? std::move(content) : std::nullopt;
}

std::optional<ContentView> unpack_view(std::string_view packed) {
  return read_document<ContentView>(packed, [](Json& document, ContentView& out) {
    read_common(document, out);
    each(document, kAttachments, [&](Json& entry) {
      out.attachments.push_back({.name = take(entry, kName),
                                 .content_type = take(entry, kType),
                                 .size = base::base64_decoded_size(take(entry, kBytes))});
    });
  });
}

}  // namespace heliograph::model
