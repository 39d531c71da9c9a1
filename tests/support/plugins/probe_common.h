/* What the probe's components share. The probe is a plugin that behaves, and misbehaves, as a test
 * tells it: by its configuration (`mode`) for lifecycle, distributor and limiter, by the text of
 * the message for sends. Written against the bare ABI, because the SDK would not let it do most of
 * this. */
#pragma once

#include <heliograph/abi/abi.h>
#include <heliograph/abi/ext/fd.h>
#include <heliograph/abi/ext/http_client.h>
#include <heliograph/abi/ext/ingress.h>
#include <heliograph/abi/ext/shared_window.h>

#include <cstdint>
#include <string>
#include <string_view>

/* Another build of it is another generation, as when its file is replaced. */
#ifndef PROBE_GENERATION
#define PROBE_GENERATION 1
#endif
#if PROBE_GENERATION == 1
#define PROBE_VERSION "1.2.3"
#else
#define PROBE_VERSION "2.0.0"
#endif
#ifndef PROBE_FLAGS
#define PROBE_FLAGS 0u
#endif

extern const hg_component kProbeProvider;
extern const hg_component kProbeDistributor;
extern const hg_component kProbeLimiter;

inline std::string_view view(hg_str text) {
  return {text.ptr == nullptr ? "" : text.ptr, text.len};
}
inline hg_str str(std::string_view text) { return {text.data(), text.size()}; }

inline std::string config_text(const hg_host* host, const hg_config* cfg, const char* path) {
  hg_str text{nullptr, 0};
  host->cfg_str(cfg, path, &text);
  return std::string{view(text)};
}

inline hg_status fail(hg_error* error, hg_status status, std::string_view text) {
  if (error != nullptr) {
    error->code = status;
    error->msg_len = static_cast<std::uint32_t>(text.copy(error->msg, HG_ERROR_TEXT_MAX));
  }
  return status;
}

/* A line that tests read back through the log. */
inline void say(const hg_host* host, std::string_view text) {
  host->log(host, HG_LOG_INFO, str(text), nullptr, 0);
}
