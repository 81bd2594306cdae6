// SPDX-License-Identifier: Apache-2.0
// docs/lab.schema.json accepts every good lab and the examples, and refuses a list of wrong ones: checked by Python's
// jsonschema, so that it is not our own reading of the schema that counts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

TEST(LabSchema, AgreesWithTheExamples) {
  const std::filesystem::path here = std::filesystem::path(__FILE__).parent_path();
  if (std::system("python3 -c 'import jsonschema, yaml' 2>/dev/null") != 0) {  // NOLINT(cert-env33-c): fixed text
    GTEST_SKIP() << "python3 with jsonschema and yaml is missing (Debian: python3-jsonschema python3-yaml)";
  }
  const std::string command = "python3 '" + (here / "schema_check.py").string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c)
}

}  // namespace
