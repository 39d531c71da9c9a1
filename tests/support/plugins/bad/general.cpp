// Faults that only C++ has: a distributor that does nothing, and one thing wrong. What, and who
// must notice, stands in general.toml.
#include <heliograph/abi/abi.h>

#include <stdexcept>

#if defined(BAD_UNIQUE_SYMBOL)
asm(".type shared_by_all_copies, @gnu_unique_object\n"
    ".data\n"
    "shared_by_all_copies: .long 1\n"
    ".size shared_by_all_copies, 4\n"
    ".text\n");
#endif

struct hg_instance {
  int unused;
};

namespace {

hg_instance only;

hg_status create(const hg_host*, const hg_component*, const hg_config*, hg_instance** out,
                 hg_error*) {
#if defined(BAD_CREATE_THROWS)
  throw std::runtime_error("thrown by create()");
#elif defined(BAD_CREATE_THROWS_NUMBER)
  throw 42;
#endif
  *out = &only;
  return HG_OK;
}
hg_status start(hg_instance*, hg_op, uint64_t, hg_error*) {
#if defined(BAD_START_THROWS)
  throw std::runtime_error("thrown by start()");
#endif
  return HG_OK;
}
void destroy(hg_instance*) {}
hg_status on_candidates(hg_instance*, const hg_candidate_set*) { return HG_OK; }
hg_status pick(hg_instance*, const hg_pick*, uint32_t*, uint64_t*) { return HG_OK; }

constexpr hg_lifecycle kLife{
    .size = sizeof(hg_lifecycle), .create = create, .start = start, .destroy = destroy};
constexpr hg_distributor kTable{
    .size = sizeof(hg_distributor), .on_candidates = on_candidates, .pick = pick};
constexpr hg_component kComponent{.size = sizeof(hg_component),
                                  .kind = HG_KIND_DISTRIBUTOR,
                                  .id = HG_STR("bad"),
                                  .version = HG_STR("1"),
                                  .summary = HG_STR("A distributor with a fault."),
                                  .config_schema = HG_STR("{\"type\": \"object\"}"),
                                  .life = &kLife,
                                  .vtbl = &kTable};
constexpr const hg_component* kComponents[] = {&kComponent};
constexpr hg_module kModule{.size = sizeof(hg_module),
                            .abi_major = HG_ABI_MAJOR,
                            .name = HG_STR("bad"),
                            .version = HG_STR("1"),
                            .components = kComponents,
                            .n_components = 1};

}  // namespace

extern "C" HG_EXPORT const hg_module* hg_plugin_entry_v1(const hg_host_info* host, hg_error* err) {
  if (host->abi_major == HG_ABI_MAJOR) return &kModule;
  if (err != nullptr) {
    err->code = HG_E_ABI;
    err->msg[0] = '!';
    err->msg_len = 1;
  }
  return nullptr;
}
