# SPDX-License-Identifier: Apache-2.0
# Every library the build uses. All are Debian 12 packages: packages.txt.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_package(JPEG REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(PNG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(TBB REQUIRED)
find_package(ZLIB REQUIRED)
find_package(hwy REQUIRED)

find_path(NLOHMANN_JSON_INCLUDE_DIR nlohmann/json.hpp REQUIRED)

# Debian's SystemC is built as C++17; it checks at link time that its users say the same.
pkg_check_modules(SYSTEMC REQUIRED IMPORTED_TARGET systemc)
add_library(systolog_systemc INTERFACE)
target_link_libraries(systolog_systemc INTERFACE PkgConfig::SYSTEMC)
target_compile_definitions(systolog_systemc INTERFACE SC_CPLUSPLUS=201703L SC_INCLUDE_DYNAMIC_PROCESSES)

# All instruction sets that the compiler knows, whatever it is told to assume; DL is AVX-512 with
# VNNI. Arrays of sums in registers rule out SVE, whose vectors have no fixed length. Tests that list
# the sets must agree.
add_library(systolog_highway INTERFACE)
target_link_libraries(systolog_highway INTERFACE hwy::hwy)
target_compile_definitions(systolog_highway INTERFACE
  HWY_COMPILE_ALL_ATTAINABLE HWY_WANT_AVX3_DL
  "HWY_DISABLED_TARGETS=(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128)")

find_package(ONNX REQUIRED)

if(SYSTOLOG_TRAINING)
  find_package(Torch QUIET)
  if(NOT Torch_FOUND)
    message(STATUS "libtorch not found (package libtorch-dev): the trainer is not built; "
                   "the simulator does not need it")
  endif()
endif()
