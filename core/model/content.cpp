#include "core/model/content.h"

#include <algorithm>
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

// The bytes are by far the most of a packed text, and a parser of JSON would go through them
// character by character, on the loop. They need no parser: base64 has no quotes and no escapes,
// and inside a string a quote never stands without a backslash before it, so this is found only
// where an attachment's bytes begin.
constexpr std::string_view kBytesBegin = "\"content\":\"";

// A packed text without the bytes, and the bytes in their order.
struct Skeleton {
  std::string json;
  std::vector<std::string_view> bytes;  // base64; views into the packed text
};

Skeleton take_apart(std::string_view packed) {
  Skeleton out;
  while (true) {
    const std::size_t found = packed.find(kBytesBegin);
    if (found == std::string_view::npos) break;
    const std::size_t begin = found + kBytesBegin.size();
    const std::size_t end = std::min(packed.find('"', begin), packed.size());
    out.json += packed.substr(0, begin);
    out.bytes.push_back(packed.substr(begin, end - begin));
    packed.remove_prefix(end);
  }
  out.json += packed;
  return out;
}

// The other way round: `json` has an empty text for each attachment's bytes.
std::string put_together(std::string_view json, const std::vector<Attachment>& attachments) {
  std::string out;
  for (const Attachment& attachment : attachments) {
    const std::size_t begin = json.find(kBytesBegin) + kBytesBegin.size();
    out += json.substr(0, begin);
    out += base::to_base64(attachment.bytes);
    json.remove_prefix(begin);
  }
  out += json;
  return out;
}

struct NotIntact {};

// `read` is called for each attachment. It throws NotIntact, or Json::exception where a value is of
// another kind than pack() writes.
template <class Target, class Read>
std::optional<Target> read_document(std::string_view packed, Read read) {
  const Skeleton skeleton = take_apart(packed);
  Json document = Json::parse(skeleton.json, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  try {
    Target out;
    auto bytes = skeleton.bytes.begin();
    read_common(document, out);
    each(document, kAttachments, [&](Json& entry) {
      if (bytes == skeleton.bytes.end()) throw NotIntact();
      read(entry, *bytes++, out.attachments.emplace_back());
    });
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const NotIntact&) {
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
    document[kAttachments].push_back(
        {{kName, attachment.name}, {kType, attachment.content_type}, {kBytes, ""}});
  }
  const std::string json = document.dump(-1, ' ', false, Json::error_handler_t::replace);
  return put_together(json, content.attachments);
}

std::optional<Content> unpack(std::string_view packed) {
  return read_document<Content>(packed,
                                [](Json& entry, std::string_view base64, Attachment& attachment) {
                                  auto bytes = base::from_base64(base64);
                                  if (!bytes) throw NotIntact();
                                  attachment.name = take(entry, kName);
                                  attachment.content_type = take(entry, kType);
                                  attachment.bytes = *std::move(bytes);
                                });
}

std::optional<ContentView> unpack_view(std::string_view packed) {
  return read_document<ContentView>(
      packed, [](Json& entry, std::string_view base64, AttachmentView& attachment) {
        attachment.name = take(entry, kName);
        attachment.content_type = take(entry, kType);
        attachment.size = base::base64_decoded_size(base64);
      });
}

}  // namespace heliograph::model
