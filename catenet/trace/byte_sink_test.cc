// SPDX-License-Identifier: Apache-2.0
#include "catenet/trace/byte_sink.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "catenet/trace/testing_rig.h"

namespace catenet::trace {
namespace {

using testing::TemporaryFile;

TEST(FileSink, WritesRecordsSmallAndLargeInOrder) {
  const TemporaryFile file("sink");
  const std::string small = "one\n";
  const std::string large(200'000, 'x');
  {
    auto sink = FileSink::create(file.path());
    ASSERT_TRUE(sink);
    EXPECT_TRUE((*sink)->write(bytes_of(small)));
    EXPECT_TRUE((*sink)->write(bytes_of(large)));
    EXPECT_TRUE((*sink)->write(bytes_of(small)));
  }
  EXPECT_EQ(file.read(), small + large + small);
}

TEST(FileSink, NamesWhyItCannotBeCreated) {
  const auto sink = FileSink::create("/nonexistent/folder/file");
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().code, ENOENT);
}

TEST(FileSink, ReportsAFullDiskAndGoesOn) {
  if (::access("/dev/full", W_OK) != 0) {
    GTEST_SKIP() << "this machine has no /dev/full";
  }
  auto sink = FileSink::create("/dev/full");
  ASSERT_TRUE(sink);
  const std::string record(1000, 'r');
  EXPECT_TRUE((*sink)->write(bytes_of(record))) << "buffered, so not known yet";
  const auto flushed = (*sink)->flush();
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code, ENOSPC);
  EXPECT_FALSE((*sink)->write(bytes_of(record)));
  EXPECT_EQ((*sink)->status().error().code, ENOSPC);
}

TEST(FileSink, CutsAFileBackToItsLastWholeRecord) {
  // A limit on the size of files stands in for a disk that fills up in the middle of a record.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const TemporaryFile file("cut");
  const std::string record(60'000, 'r');
  auto sink = FileSink::create(file.path());
  ASSERT_TRUE(sink);
  Result<void> last;
  for (int i = 0; i < 4; ++i) {
    last = (*sink)->write(bytes_of(record));
  }
  sink->reset();
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, EFBIG);
  EXPECT_EQ(file.read(), record);
}

TEST(MemorySink, KeepsEverything) {
  MemorySink sink;
  const std::string text = "abc";
  EXPECT_TRUE(sink.write(bytes_of(text)));
  EXPECT_TRUE(sink.write(bytes_of(text)));
  EXPECT_EQ(sink.text(), "abcabc");
}

}  // namespace
}  // namespace catenet::trace
