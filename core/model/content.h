// Content: what a message carries besides its text - subject, HTML, media, attachments.
//
// Most messages carry none of it, so it travels as one JSON text that only its two ends unpack: the
// intake packs it, the store keeps it apart from the message, the provider's handle unpacks it when
// the message is sent. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heliograph::model {

struct Media {
  std::string url;           // absolute, http or https
  std::string content_type;  // may be empty
  bool operator==(const Media&) const = default;
};

struct Attachment {
  std::string name;
  std::string content_type;
  std::string bytes;
  bool operator==(const Attachment&) const = default;
};

struct Content {
  std::string subject;
  std::string html;
  std::vector<Media> media;
  std::vector<Attachment> attachments;

  bool empty() const {
    return subject.empty() && html.empty() && media.empty() && attachments.empty();
  }
  bool operator==(const Content&) const = default;
};

// The form it is kept in; stored, so it only grows. "" when there is none of it.
std::string pack(const Content& content);
// nullopt for what pack() did not write.
std::optional<Content> unpack(std::string_view packed);

// What is shown of it: everything but the attachments' bytes.
struct AttachmentView {
  std::string name;
  std::string content_type;
  std::size_t size = 0;  // bytes
  bool operator==(const AttachmentView&) const = default;
};
struct ContentView {
  std::string subject;
  std::string html;
  std::vector<Media> media;
  std::vector<AttachmentView> attachments;
  bool operator==(const ContentView&) const = default;
};
std::optional<ContentView> unpack_view(std::string_view packed);

}  // namespace heliograph::model
