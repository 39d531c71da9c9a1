// GET /openapi.json, GET /docs and its files: the contract, and the page that shows it. No key, on
// every listener.
#include <array>

#include "core/api/documents.h"
#include "core/api/endpoint.h"

namespace heliograph::api {
namespace {

constexpr std::array<PageAsset, 7> kAssets{{
    {"docs.css", "text/css; charset=utf-8"},
    {"docs.js", "text/javascript; charset=utf-8"},
    {"swagger-ui.css", "text/css; charset=utf-8"},
    {"swagger-ui-bundle.js", "text/javascript; charset=utf-8"},
    // The viewer's licence asks to hand these on with it.
    {"LICENSE", "text/plain; charset=utf-8"},
    {"NOTICE", "text/plain; charset=utf-8"},
    {"swagger-ui-bundle.js.LICENSE.txt", "text/plain; charset=utf-8"},
}};

boost::asio::awaitable<http::Response> get_contract(Call& call) {
  http::Response response = embedded_document("openapi.json", "application/json", call.request);
  // The same for everybody and without a secret: any page may read it.
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.headers.emplace_back("Access-Control-Expose-Headers", "ETag, X-Request-Id");
  co_return response;
}

boost::asio::awaitable<http::Response> get_page(Call& call) {
  co_return embedded_page("docs.html", call.request);
}

boost::asio::awaitable<http::Response> get_asset(Call& call) {
  co_return page_asset(kAssets, call.request);
}

}  // namespace

void add_documents(Routes& routes) {
  routes.document("/openapi.json", get_contract);
  routes.document("/docs", get_page);
  routes.document("/docs/{asset}", get_asset);
}

}  // namespace heliograph::api
