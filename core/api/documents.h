// The files that the binary carries for browsers: the contract (docs/openapi/openapi.json), the
// page that shows it, and the operators' page. Nothing is read from disk, so they cannot be missing
// or of another version.
//
// Immutable; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/http/message.h"

namespace heliograph::api {

// Generated (core/api/embedded.cmake). The views live as long as the process.
struct EmbeddedFile {
  std::string_view name;  // without folder: "openapi.json"
  std::string_view plain;
  std::string_view gzip;  // the same bytes, compressed when the binary was built
};
std::span<const EmbeddedFile> embedded_files();

// nullptr: there is none of this name.
const EmbeddedFile* find_embedded_file(std::string_view name);

// Whether an Accept-Encoding field lets gzip through (RFC 9110, 12.5.3). nullopt: no such field.
bool accepts_gzip(std::optional<std::string_view> accept_encoding);

// 200 with the file, gzipped where the client takes it, or 304 where it has it already (its
// If-None-Match). Each form has an ETag of its own; caches keep it and ask again.
http::Response document_response(const EmbeddedFile& file, std::string_view content_type,
                                 const http::Request& request);

// The same for a file by its name; 404 where there is none.
http::Response embedded_document(std::string_view name, std::string_view content_type,
                                 const http::Request& request);
// The same for a page, with a policy that lets it load its own files alone and speak to nobody but
// the gateway it comes from.
http::Response embedded_page(std::string_view name, const http::Request& request);

// A file that belongs to a page.
struct PageAsset {
  std::string_view name;
  std::string_view content_type;
};
// That of `assets` which the path parameter `asset` of the request names; 404 for any other.
http::Response page_asset(std::span<const PageAsset> assets, const http::Request& request);

}  // namespace heliograph::api
