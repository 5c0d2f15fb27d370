// SPDX-License-Identifier: Apache-2.0
// Arithmetic strings: what is accepted, and that each mistake is answered with the part that is
// wrong and what is allowed in its place.
#include <gtest/gtest.h>

#include <set>

#include "models/user_error.h"
#include "tests/models/support.h"

namespace systolog::test {
namespace {

/// The message make_arithmetic refuses `text` with; empty if it does not.
std::string refusal(const std::string& text) {
  try {
    make_arithmetic(text);
    return "";
  } catch (const UserError& error) {
    return error.what();
  }
}

testing::AssertionResult says(const std::string& message, const std::string& part) {
  if (message.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "'" << part << "' is not in: " << message;
}

struct Mistake {
  std::string text;
  std::vector<std::string> named;  // what the message must hold
};
void PrintTo(const Mistake& mistake, std::ostream* out) { *out << "'" << mistake.text << "'"; }

class BadArithmetic : public testing::TestWithParam<Mistake> {};

TEST_P(BadArithmetic, IsRefusedWithThePartAndWhatIsAllowed) {
  const std::string message = refusal(GetParam().text);
  ASSERT_FALSE(message.empty()) << "accepted";
  for (const std::string& part : GetParam().named) EXPECT_TRUE(says(message, part));
  EXPECT_EQ(message.find('\n'), std::string::npos) << "one message, one line: " << message;
}

INSTANTIATE_TEST_SUITE_P(
    UnknownNames, BadArithmetic,
    testing::Values(Mistake{"", {"fp32", "posit:N,ES"}}, Mistake{"/", {"fp32", "posit:N,ES"}},
                    Mistake{" ", {"posit:N,ES"}}, Mistake{"/exact", {"posit:N,ES"}},
                    Mistake{"fp33/exact", {"fp33", "fp32", "posit:N,ES"}},
                    Mistake{"FP32/exact", {"FP32", "fp32"}},
                    Mistake{" fp32/exact", {" fp32", "fp32"}},
                    Mistake{"posits:8,0/exact", {"posits", "posit:N,ES"}},
                    Mistake{"float/exact/fp32", {"float", "bf16", "int:B", "fixed:B,F"}},
                    Mistake{"fp32/", {"exact"}}, Mistake{"fp32//", {"exact"}},
                    Mistake{"fp32//fp32", {"exact"}},
                    Mistake{"fp32/approx/fp32", {"approx", "exact"}},
                    Mistake{"posit:8,0/palm", {"palm", "plam", "exact"}},
                    Mistake{"posit:8,0/plam:3", {"plam:3"}}, Mistake{"fp32/exact/", {"fp32"}},
                    Mistake{"fp32/exact/fp33", {"fp33", "fp32"}},
                    Mistake{"posit:8,0/exact/choir", {"choir", "quire", "self"}},
                    Mistake{"fp32/exact/fp32/more", {"fp32/exact/fp32/more"}},
                    Mistake{"fp32/exact/fp32/", {"fp32/exact/fp32/"}}));

INSTANTIATE_TEST_SUITE_P(
    PositParameters, BadArithmetic,
    testing::Values(Mistake{"posit:1,0/exact", {"posit:1,0", "2 to 32"}},
                    Mistake{"posit:33,1/exact", {"posit:33,1", "2 to 32"}},
                    Mistake{"posit:8,5/exact", {"posit:8,5", "0 to 4"}},
                    Mistake{"posit:8,-1/exact", {"posit:8,-1", "0 to 4"}},
                    Mistake{"posit:-8,1/exact", {"posit:-8,1", "2 to 32"}},
                    Mistake{"posit:8,/exact", {"posit:8,", "0 to 4"}},
                    Mistake{"posit:,0/exact", {"posit:,0", "2 to 32"}},
                    Mistake{"posit:8,0x/exact", {"posit:8,0x"}},
                    Mistake{"posit:8,0,0/exact", {"posit:8,0,0"}},
                    Mistake{"posit:8/exact", {"posit:8", "posit:N,ES"}},
                    Mistake{"posit/exact", {"posit", "posit:N,ES"}},
                    Mistake{"posit:/exact", {"posit:", "posit:N,ES"}},
                    Mistake{"posit:8 ,0/exact", {"posit:8 ,0"}},
                    Mistake{"posit:+8,0/exact", {"posit:+8,0"}},
                    Mistake{"posit:4294967304,0/exact", {"posit:4294967304,0", "2 to 32"}},
                    Mistake{"posit:8,18446744073709551616/exact", {"18446744073709551616"}}));

INSTANTIATE_TEST_SUITE_P(
    OtherParameters, BadArithmetic,
    testing::Values(Mistake{"int:1/exact", {"int:1", "2 to 16"}},
                    Mistake{"int:17/exact", {"int:17", "2 to 16"}},
                    Mistake{"int:99999999999999999999/exact", {"99999999999999999999", "2 to 16"}},
                    Mistake{"int:/exact", {"int:", "2 to 16"}}, Mistake{"int/exact", {"int:B"}},
                    Mistake{"int:8,0/exact", {"int:8,0"}},
                    Mistake{"fixed:33,16/exact", {"fixed:33,16", "32"}},
                    Mistake{"fixed:1,0/exact", {"fixed:1,0"}},
                    Mistake{"fixed:16,17/exact", {"fixed:16,17"}},
                    Mistake{"fixed:16,-1/exact", {"fixed:16,-1"}},
                    Mistake{"fixed:16/exact", {"fixed:16", "fixed:B,F"}},
                    Mistake{"fp32:1/exact", {"fp32:1"}}, Mistake{"bf16:8,0/exact", {"bf16:8,0"}},
                    Mistake{"fixed:32,16/mitchw", {"mitchw", "mitchw:W"}},
                    Mistake{"fixed:32,16/mitchw:0", {"mitchw:0"}},
                    Mistake{"fixed:32,16/mitchw:99", {"mitchw:99"}},
                    Mistake{"fixed:32,16/mitchw:6,c3", {"mitchw:6,c3", "c2"}},
                    Mistake{"fixed:32,16/mitchw:x", {"mitchw:x"}}));

INSTANTIATE_TEST_SUITE_P(
    MeaninglessCombinations, BadArithmetic,
    testing::Values(Mistake{"fp32/exact/int:32", {"int:B", "fp32/exact/fp32"}},
                    Mistake{"fp32/exact/fixed:32,16", {"fixed:B,F", "fp32/exact/fp32"}},
                    Mistake{"fp32/mitchw:6,c2/fp32", {"mitchw:W,c2", "mitchw:W"}},
                    Mistake{"int:8/exact/quire", {"quire", "int:32"}},
                    Mistake{"int:8/plam/int:32", {"plam", "exact"}},
                    Mistake{"posit:8,0/exact/int:32", {"int:B", "quire", "self"}},
                    Mistake{"posit:8,0/mitchw:6,c1/quire", {"mitchw:W,c1", "plam"}},
                    Mistake{"fixed:32,16/exact/quire", {"quire", "fixed:32,16"}},
                    Mistake{"fixed:32,16/plam/fixed:32,16", {"plam", "exact"}}));

TEST(BadText, UnknownNamesAreAnsweredWithEverythingThatExists) {
  for (const models::Entry& entry : models::formats()) {
    EXPECT_TRUE(says(refusal("nothing/exact"), std::string(entry.pattern)));
  }
  for (const models::Entry& entry : models::multipliers()) {
    EXPECT_TRUE(says(refusal("posit:8,0/nothing"), std::string(entry.pattern)));
  }
  for (const models::Entry& entry : models::accumulators()) {
    EXPECT_TRUE(says(refusal("posit:8,0/exact/nothing"), std::string(entry.pattern)));
  }
}

TEST(BadText, LongOrBinaryTextIsRefusedLikeAnyOther) {
  EXPECT_FALSE(refusal(std::string(1'000'000, 'x')).empty());
  EXPECT_FALSE(refusal(std::string(100'000, '/')).empty());
  EXPECT_FALSE(refusal("posit:" + std::string(100'000, '9') + ",0/exact").empty());
  EXPECT_FALSE(refusal(std::string("fp32\0/exact", 11)).empty());
  EXPECT_FALSE(refusal(std::string("fp32/exact/fp32\0", 16)).empty());
  Draw draw(25);
  const std::string pieces = "fp32/exactposit:8,0quireselfint:mitchw6 \n\xff%";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::uint64_t length = draw.below(24); length > 0; --length) {
      text += pieces[draw.below(pieces.size())];
    }
    refusal(text);  // accepted or refused with a UserError: nothing else is thrown
  }
}

TEST(ArithmeticName, IsCanonicalWithTheDefaultAccumulatorFilledIn) {
  const std::pair<const char*, const char*> names[] = {
      {"fp32/exact", "fp32/exact/fp32"},
      {"bf16/exact", "bf16/exact/fp32"},
      {"int:8/exact", "int:8/exact/int:32"},
      {"posit:16,1/exact", "posit:16,1/exact/quire"},
      {"posit:16,1/plam", "posit:16,1/plam/quire"},
      {"posit:16,1/plam/self", "posit:16,1/plam/self"},
      {"fixed:32,16/mitchell", "fixed:32,16/mitchell/fixed:32,16"},
      {"fixed:32,16/mitchw:6", "fixed:32,16/mitchw:6/fixed:32,16"},
      {"fixed:32,16/mitchw:6,c2", "fixed:32,16/mitchw:6,c2/fixed:32,16"},
  };
  for (const auto& [text, name] : names) {
    EXPECT_EQ(make_arithmetic(text)->name(), name);
    EXPECT_EQ(make_arithmetic(name)->name(), name) << "a canonical name names itself";
  }
}

TEST(Lists, NameEachEntryOnceAndDescribeIt) {
  for (const auto list : {models::formats(), models::multipliers(), models::accumulators()}) {
    std::set<std::string_view> seen;
    for (const models::Entry& entry : list) {
      EXPECT_TRUE(seen.insert(entry.pattern).second) << entry.pattern << " twice";
      EXPECT_FALSE(entry.description.empty()) << entry.pattern;
    }
    EXPECT_FALSE(seen.empty());
  }
}

}  // namespace
}  // namespace systolog::test
