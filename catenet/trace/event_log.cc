// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/event_log.h"

#include "catenet/net/interface.h"
#include "catenet/net/node.h"
#include "catenet/trace/json_text.h"

namespace catenet::trace {

void EventLog::hear(const Record& record) {
  line_ = "{\"t\":";
  append_seconds(line_, record.at, 9);
  line_ += ",\"node\":";
  append_json_string(line_, record.node->name());
  line_ += ",\"kind\":";
  append_json_string(line_, kind_name(record));
  if (record.what == Record::What::drop) {
    line_ += ",\"reason\":";
    append_json_string(line_, name(record.reason));
    if (record.interface != nullptr) {
      line_ += ",\"interface\":";
      append_json_string(line_, record.interface->name());
    }
    line_ += ",\"length\":";
    line_ += std::to_string(record.length);
  } else {
    line_ += ",\"text\":";
    append_json_string(line_, record.text);
  }
  line_ += "}\n";
  ++lines_;
  (void)sink_.write(bytes_of(line_));
}

}  // namespace catenet::trace
