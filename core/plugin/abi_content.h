// AbiContent: subject and parts of a message in the ABI's form.
//
// Owns what the views point to; kept for reuse, though not its memory: attachments are large and
// most messages have none.
#pragma once

#include <heliograph/abi/abi.h>

#include <string_view>
#include <vector>

#include "core/model/content.h"

namespace heliograph::plugin {

class AbiContent {
 public:
  AbiContent() = default;
  AbiContent(const AbiContent&) = delete;
  AbiContent& operator=(const AbiContent&) = delete;

  // Points `message` to what is in `packed` (model::pack). The HTML becomes a part ALTERNATIVE,
  // also where there is no text beside it; media and attachments become one part each, in their
  // order. False: `packed` is not intact, and `message` has no parts.
  bool fill(std::string_view packed, hg_message& message);
  // Frees what fill() made; costs nothing when there is nothing.
  void clear();

 private:
  model::Content content_;
  std::vector<hg_part> parts_;
};

}  // namespace heliograph::plugin
