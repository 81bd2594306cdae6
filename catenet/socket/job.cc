// SPDX-License-Identifier: Apache-2.0
#include "catenet/socket/job.h"

namespace catenet::socket {

Job::Job(SocketLayer& host, std::shared_ptr<Completion> completion) : host_(host), completion_(std::move(completion)) {
  completion_->table = &host.table();
  completion_->job = this;
  completion_->error = ECANCELED;  // until completed() says otherwise
  host.jobs_.push_back(*this);
  ++host.tasks_;
}

Job::~Job() {
  --host_.tasks_;
  completion_->job = nullptr;
  host_.table().wake_all(completion_->joiners);
}

void Job::stop_soon() { host_.table().wake_soon(stop_, Delegate<void()>::to<&Job::stop>(*this)); }

void Job::start_soon(Delegate<void()> run) { host_.table().wake_soon(start_, run); }

}  // namespace catenet::socket
