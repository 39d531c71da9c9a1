// GET /openapi.json, GET /docs and its files: the contract, and the page that shows it. No key, on
// every listener.
#include <algorithm>
#include <array>

#include "core/api/documents.h"
#include "core/api/endpoint.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

struct Asset {
  std::string_view path;  // below /docs/
  std::string_view content_type;
};
constexpr std::array<Asset, 7> kAssets{{
    {"docs.css", "text/css; charset=utf-8"},
    {"docs.js", "text/javascript; charset=utf-8"},
    {"swagger-ui.css", "text/css; charset=utf-8"},
    {"swagger-ui-bundle.js", "text/javascript; charset=utf-8"},
    // The viewer's licence asks to hand these on with it.
    {"LICENSE", "text/plain; charset=utf-8"},
    {"NOTICE", "text/plain; charset=utf-8"},
    {"swagger-ui-bundle.js.LICENSE.txt", "text/plain; charset=utf-8"},
}};

// The page reads nothing but itself, the contract and the API it stands on; data: are the viewer's
// own small pictures. No inline script, no inline style, no eval.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

http::Response embedded(const Call& call, std::string_view name, std::string_view content_type) {
  const EmbeddedFile* file = find_embedded_file(name);
  if (file == nullptr) return http::problem_response(404, "There is no such file.");
  return document_response(*file, content_type, call.request);
}

boost::asio::awaitable<http::Response> get_contract(Call& call) {
  http::Response response = embedded(call, "openapi.json", "application/json");
  // The same for everybody and without a secret: any page may read it.
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.headers.emplace_back("Access-Control-Expose-Headers", "ETag, X-Request-Id");
  co_return response;
}

boost::asio::awaitable<http::Response> get_page(Call& call) {
  http::Response response = embedded(call, "docs.html", "text/html; charset=utf-8");
  response.headers.emplace_back("Content-Security-Policy", kPagePolicy);
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  co_return response;
}

boost::asio::awaitable<http::Response> get_asset(Call& call) {
  const std::string_view path = call.request.param("asset");
  const auto* asset = std::ranges::find(kAssets, path, &Asset::path);
  if (asset == kAssets.end()) co_return http::problem_response(404, "There is no such file.");
  co_return embedded(call, asset->path, asset->content_type);
}

}  // namespace

void add_documents(Routes& routes) {
  routes.document("/openapi.json", get_contract);
  routes.document("/docs", get_page);
  routes.document("/docs/{asset}", get_asset);
}

}  // namespace heliograph::api
