// SPDX-License-Identifier: Apache-2.0
// lut:FILE: products, sums and error statistics by a table from a file, and files that are none.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "models/error_statistics.h"
#include "models/user_error.h"
#include "tests/models/support.h"

namespace systolog::test {
namespace {

namespace fs = std::filesystem;

/// Products of an imaginary unit for magnitudes; not commutative, and not 0 where an operand is.
int product_of(int a, int b) { return a * b + a / 2 + b / 8 + 7; }
/// The same of signed operands.
int signed_product_of(int a, int b) { return a * b - 2 * a + (b < 0 ? 5 : 1); }

class ProductTable : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    // Slashes, commas and colons in a file's name are the file's.
    folder_ = fs::path(testing::TempDir()) / (std::string("systolog, lut:_") + test->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::function<int(int, int)>& product) const {
    std::string bytes;
    for (int a = 0; a < 256; ++a) {
      for (int b = 0; b < 256; ++b) {
        const int p = product(a, b);
        bytes += static_cast<char>(p & 0xFF);
        bytes += static_cast<char>((p >> 8) & 0xFF);
      }
    }
    return write_bytes(name, bytes);
  }
  std::string write_bytes(const std::string& name, const std::string& bytes) const {
    const fs::path file = folder_ / name;
    std::ofstream(file, std::ios::binary) << bytes;
    return file.string();
  }
  std::string unsigned_table() const { return write("u.bin", product_of); }
  std::string signed_table() const {
    return write("s.bin", [](int a, int b) {
      return signed_product_of(a < 128 ? a : a - 256, b < 128 ? b : b - 256);
    });
  }

  fs::path folder_;
};

std::int64_t from_code(std::uint64_t code, int bits) {
  const auto value = static_cast<std::int64_t>(code);
  return value < std::int64_t{1} << (bits - 1) ? value : value - (std::int64_t{1} << bits);
}
std::string refusal(const std::string& text) {
  try {
    make_arithmetic(text);
    return "";
  } catch (const UserError& error) {
    return error.what();
  }
}

TEST_F(ProductTable, OfMagnitudesIsUsedWithSignsBesideIt) {
  const std::string file = unsigned_table();
  for (const std::string format : {"int:8", "fixed:8,4"}) {
    const auto arithmetic = make_arithmetic(format + "/lut:" + file);
    for (Code a = 0; a < 256; ++a) {
      for (Code b = 0; b < 256; ++b) {
        const auto x = from_code(a, 8), y = from_code(b, 8);
        const int magnitude =
            product_of(static_cast<int>(std::abs(x)), static_cast<int>(std::abs(y)));
        ASSERT_EQ(from_code(arithmetic->multiply(a, b), 16),
                  (x < 0) != (y < 0) ? -magnitude : magnitude)
            << x << " * " << y;
      }
    }
  }
}

TEST_F(ProductTable, OfMagnitudesIsReachedWhollyByNineBits) {
  const auto arithmetic = make_arithmetic("int:9/lut:" + unsigned_table());
  EXPECT_EQ(arithmetic->product_bits(), 18);
  for (Code a = 0; a < 512; ++a) {
    for (Code b = 0; b < 512; ++b) {
      const auto x = from_code(a, 9), y = from_code(b, 9);
      const auto magnitude = [](std::int64_t v) {
        return static_cast<int>(std::min<std::int64_t>(std::abs(v), 255));
      };
      const int p = product_of(magnitude(x), magnitude(y));
      ASSERT_EQ(from_code(arithmetic->multiply(a, b), 18), (x < 0) != (y < 0) ? -p : p)
          << x << " * " << y;
    }
  }
}

TEST_F(ProductTable, OfSignedOperandsIsUsedAsItIs) {
  const std::string file = signed_table();
  for (const std::string format : {"int:8", "fixed:8,0"}) {
    const auto arithmetic = make_arithmetic(format + "/lut:" + file + ",signed");
    for (int a = -128; a < 128; ++a) {
      for (int b = -128; b < 128; ++b) {
        const auto got =
            arithmetic->multiply(static_cast<Code>(a & 255), static_cast<Code>(b & 255));
        ASSERT_EQ(from_code(got, 16), signed_product_of(a, b)) << a << " * " << b;
      }
    }
  }
}

TEST_F(ProductTable, SumsInMatricesAsTheScalarModelDoes) {
  const std::string file = signed_table();
  const auto fastest = make_arithmetic("int:8/lut:" + file + ",signed/int:24");
  constexpr std::size_t kM = 5, kK = 37, kN = 9;
  Draw draw(4);
  std::vector<Code> a(kM * kK), w(kK * kN);
  for (Code& code : a) code = draw.bits(8);
  for (Code& code : w) code = draw.bits(8);
  const CodeBuffer activations(a, 1), weights(w, 1);
  std::vector<std::byte> sums(kM * kN * fastest->accumulator_bytes());
  fastest->clear(kM * kN, sums.data());
  fastest->matmul({kM, kK, kN, 8, activations.data(), weights.data(), sums.data()});
  ASSERT_EQ(fastest->accumulator_bytes(), 4U);
  for (std::size_t m = 0; m < kM; ++m) {
    for (std::size_t n = 0; n < kN; ++n) {
      int expected = 0;
      for (std::size_t k = 0; k < kK; ++k) {
        expected += signed_product_of(static_cast<int>(from_code(a[m * kK + k], 8)),
                                      static_cast<int>(from_code(w[k * kN + n], 8)));
      }
      std::int32_t got = 0;
      std::memcpy(&got, sums.data() + 4 * (m * kN + n), 4);
      ASSERT_EQ(got, expected) << m << ", " << n;
    }
  }
}

TEST_F(ProductTable, IsNamedByItsFileAsGiven) {
  const std::string file = unsigned_table(), other = signed_table();
  for (const auto& [text, name] : std::vector<std::pair<std::string, std::string>>{
           {"int:8/lut:" + file, "int:8/lut:" + file + "/int:32"},
           {"int:8/lut:" + file + "/int:20", "int:8/lut:" + file + "/int:20"},
           {"fixed:8,4/lut:" + other + ",signed",
            "fixed:8,4/lut:" + other + ",signed/fixed:8,4"}}) {
    EXPECT_EQ(make_arithmetic(text)->name(), name);
    EXPECT_EQ(make_arithmetic(name)->name(), name);
  }
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  EXPECT_EQ(make_arithmetic("int:8/lut:u.bin")->name(), "int:8/lut:u.bin/int:32");
  fs::current_path(before);
}

TEST_F(ProductTable, RefusesWhatIsNoTable) {
  const std::string good = unsigned_table();
  const std::string large =
      write("large.bin", [](int a, int b) { return a == 5 && b == 6 ? 40000 : 0; });
  struct Mistake {
    std::string text, says;
  };
  for (const Mistake& m : std::vector<Mistake>{
           {"int:8/lut:", "name is missing"},
           {"int:8/lut:/int:32", "name is missing"},
           {"int:8/lut:,signed", "name is missing"},
           {"int:8/lut", "lut:FILE"},
           {"int:8/lut:" + (folder_ / "nonesuch.bin").string(), "nonesuch.bin: no such file"},
           {"int:8/lut:" + folder_.string(), "not a file"},
           {"int:8/lut:" + write_bytes("empty.bin", ""), "0 bytes"},
           {"int:8/lut:" + write_bytes("short.bin", std::string(131071, 'x')), "131071 bytes"},
           {"int:8/lut:" + write_bytes("long.bin", std::string(131073, 'x')), "131072"},
           {"int:8/lut:" + large, "40000 of 5 and 6 does not fit"},
           {"int:7/lut:" + good, "int:8"},
           {"int:9/lut:" + good + ",signed", "not with operands of 9 bits"},
           {"fixed:16,8/lut:" + good, "not with operands of 16 bits"},
           {"posit:8,0/lut:" + good, "means nothing"},
           {"fp8:e4m3/lut:" + good + "/fp32", "means nothing"},
           {"int:8/lut:" + good + "/quire", "quire"},
           {"int:8/lut:" + good + "/int:99", "2 to 64"},
       }) {
    const std::string message = refusal(m.text);
    EXPECT_NE(message.find(m.says), std::string::npos)
        << m.text << " is answered with: " << message;
  }
  EXPECT_EQ(refusal("int:9/lut:" + large), "") << "40000 fits 18 bits";
}

TEST_F(ProductTable, ErrorMapsHaveTheFirstOperandAsTheRow) {
  // Exact but for 3 * 5, not 5 * 3.
  const std::string file =
      write("one.bin", [](int a, int b) { return a * b + (a == 3 && b == 5 ? 3 : 0); });
  const auto s =
      models::measure_errors("int:8/lut:" + file, {.operands = models::Operands::kMagnitudes});
  EXPECT_EQ(s.wce.a, 3U);
  EXPECT_EQ(s.wce.b, 5U);
  EXPECT_EQ(s.highest.value, 3.0 / 15.0);
  ASSERT_EQ(s.map.cells, 128U);
  EXPECT_NEAR(s.map.means[3 * 128 + 5], 0.2, 1e-6);
  EXPECT_EQ(s.map.means[5 * 128 + 3], 0.0);
}

TEST_F(ProductTable, ComesFromACFunction) {
  const std::string source = write_bytes("mul.c",
                                         "#include <stdint.h>\n"
                                         "int16_t mul8s_mine(int8_t a, int8_t b) {\n"
                                         "  return (int16_t)(a * b - 2 * a + (b < 0 ? 5 : 1));\n"
                                         "}\n"
                                         "uint16_t mul8u_mine(uint8_t x, uint8_t y) {\n"
                                         "  return (uint16_t)(x * y + x / 2 + y / 8 + 7);\n"
                                         "}\n");
  const auto make = [&](const std::string& function, const std::string& table) {
    const std::string command = SYSTOLOG_SOURCE_DIR "/scripts/make_lut.sh '" + source + "' '" +
                                function + "' '" + table + "' 2>/dev/null";
    return std::system(command.c_str());
  };
  const auto read = [](const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string table = (folder_ / "made.bin").string();
  ASSERT_EQ(make("mul8s_mine", table), 0);
  EXPECT_EQ(read(table), read(signed_table()));
  ASSERT_EQ(make("mul8u_mine", table), 0);
  EXPECT_EQ(read(table), read(unsigned_table()));
  EXPECT_NE(make("nonesuch", (folder_ / "none.bin").string()), 0);
  EXPECT_FALSE(fs::exists(folder_ / "none.bin"));
}

}  // namespace
}  // namespace systolog::test
