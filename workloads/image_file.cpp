// SPDX-License-Identifier: Apache-2.0
#include "workloads/image_file.h"

// clang-format off: the order matters
#include <png.h>

#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <new>
#include <vector>

// jpeglib.h does not include what it needs: size_t and FILE, from above.
#include <jerror.h>
#include <jpeglib.h>
// clang-format on

#include "models/user_error.h"
#include "workloads/packed_file.h"

namespace systolog::workloads {

namespace {

constexpr std::size_t kMaxSide = 16'384;
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 28;

/// Interleaved R, G, B.
struct Rgb {
  std::size_t height = 0, width = 0;
  std::vector<std::uint8_t> bytes;
};

void check_sides(std::size_t height, std::size_t width, const std::string& what) {
  if (height == 0 || width == 0 || height > kMaxSide || width > kMaxSide) {
    throw UserError(what + ": " + std::to_string(height) + "x" + std::to_string(width) +
                    " pixels, allowed sides of 1 to " + std::to_string(kMaxSide));
  }
}

// --- JPEG: libjpeg reports errors by a longjmp, so what lives across it is plain data ----------
struct JpegErrors {
  jpeg_error_mgr manager;  // first: libjpeg hands back a pointer to it
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void jpeg_fail(j_common_ptr info) {
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  errors->manager.format_message(info, errors->message);
  std::longjmp(errors->escape, 1);
}

/// libjpeg fills what is missing with grey and warns. Bytes too many are harmless; all else is a
/// damaged picture.
void jpeg_warn(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code != JWRN_EXTRANEOUS_DATA) jpeg_fail(info);
}

/// False with a message in `errors`. `rows` is called for each line of RGB or CMYK bytes.
bool decode_jpeg(std::span<const std::uint8_t> bytes, jpeg_decompress_struct& info,
                 JpegErrors& errors, Rgb& out) {
  info.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = jpeg_fail;
  errors.manager.emit_message = jpeg_warn;
  if (setjmp(errors.escape) != 0) return false;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, bytes.data(), static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&info, TRUE);
  out.height = info.image_height;
  out.width = info.image_width;
  if (out.height > kMaxSide || out.width > kMaxSide) return true;  // refused by the caller
  const bool cmyk = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  info.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&info);
  const std::size_t step = cmyk ? 4 : 3;
  out.bytes.resize(out.height * out.width * step);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = out.bytes.data() + info.output_scanline * out.width * step;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  if (cmyk) {
    // Adobe stores the inks inverted: 255 is none.
    for (std::size_t i = 0; i < out.height * out.width; ++i) {
      for (std::size_t c = 0; c < 3; ++c) {
        out.bytes[3 * i + c] =
            static_cast<std::uint8_t>(out.bytes[4 * i + c] * out.bytes[4 * i + 3] / 255);
      }
    }
    out.bytes.resize(out.height * out.width * 3);
  }
  return true;
}

Rgb read_jpeg(std::span<const std::uint8_t> bytes, const std::string& what) {
  jpeg_decompress_struct info{};
  JpegErrors errors{};
  Rgb image;
  const bool good = decode_jpeg(bytes, info, errors, image);
  jpeg_destroy_decompress(&info);
  if (!good) throw UserError(what + ": cannot be decoded as JPEG: " + errors.message);
  check_sides(image.height, image.width, what);
  return image;
}

// --- PNG: libpng's errors are longjmps as well. Its simplified interface takes 16 bits without a
// tag for linear light and follows gAMA, so that files which show one picture would not be one
// input: this takes the stored values, as Pillow does.
struct PngSource {
  std::span<const std::uint8_t> rest;
  std::jmp_buf escape;
  char message[256];
};

[[noreturn]] void png_fail(png_structp png, png_const_charp message) {
  auto* source = static_cast<PngSource*>(png_get_error_ptr(png));
  std::snprintf(source->message, sizeof source->message, "%s", message);
  std::longjmp(source->escape, 1);
}

void png_take(png_structp png, png_bytep to, std::size_t size) {
  auto* source = static_cast<PngSource*>(png_get_io_ptr(png));
  if (size > source->rest.size()) png_error(png, "read beyond end of data");
  std::memcpy(to, source->rest.data(), size);
  source->rest = source->rest.subspan(size);
}

/// False with a message in `source`.
bool decode_png(png_structp png, png_infop info, PngSource& source, Rgb& out) {
  if (setjmp(source.escape) != 0) return false;
  png_set_read_fn(png, &source, png_take);
  png_set_benign_errors(png, 1);  // warnings: auxiliary chunks are of no use here
  png_read_info(png, info);
  out.height = png_get_image_height(png, info);
  out.width = png_get_image_width(png, info);
  if (out.height > kMaxSide || out.width > kMaxSide) return true;  // refused by the caller
  png_set_expand(png);
  png_set_strip_16(png);  // the high byte
  png_set_gray_to_rgb(png);
  png_set_strip_alpha(png);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (png_get_rowbytes(png, info) != out.width * 3) png_error(png, "rows are not of RGB bytes");
  out.bytes.resize(out.height * out.width * 3);
  for (int pass = 0; pass < passes; ++pass) {
    for (std::size_t y = 0; y < out.height; ++y) {
      png_read_row(png, out.bytes.data() + y * out.width * 3, nullptr);
    }
  }
  return true;
}

Rgb read_png(std::span<const std::uint8_t> bytes, const std::string& what) {
  PngSource source{bytes, {}, {}};
  Rgb image;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, png_fail,
                                           [](png_structp, png_const_charp) {});
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  if (info == nullptr) {
    png_destroy_read_struct(&png, nullptr, nullptr);
    throw std::bad_alloc();
  }
  const bool good = decode_png(png, info, source, image);
  png_destroy_read_struct(&png, &info, nullptr);
  if (!good) throw UserError(what + ": cannot be decoded as PNG: " + source.message);
  check_sides(image.height, image.width, what);
  return image;
}

Pixels to_planes(const Rgb& image, std::size_t channels) {
  const std::size_t plane = image.height * image.width;
  Pixels out{channels, image.height, image.width, {}};
  out.bytes.resize(channels * plane);
  for (std::size_t i = 0; i < plane; ++i) {
    const std::uint8_t* rgb = image.bytes.data() + 3 * i;
    if (channels == 3) {
      for (std::size_t c = 0; c < 3; ++c) out.bytes[c * plane + i] = rgb[c];
    } else {  // 0.299 R + 0.587 G + 0.114 B, in 1/1000
      out.bytes[i] =
          static_cast<std::uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
    }
  }
  return out;
}

}  // namespace

Pixels decode_image(std::span<const std::uint8_t> bytes, std::size_t channels,
                    const std::string& what) {
  if (channels != 1 && channels != 3) {
    throw UserError(what + ": a picture has 1 or 3 channels, the network takes " +
                    std::to_string(channels));
  }
  if (bytes.size() >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF) {
    return to_planes(read_jpeg(bytes, what), channels);
  }
  if (bytes.size() >= 8 && png_sig_cmp(bytes.data(), 0, 8) == 0) {
    return to_planes(read_png(bytes, what), channels);
  }
  throw UserError(what + ": neither a JPEG nor a PNG file, by its first bytes");
}

Pixels read_image(const std::filesystem::path& path, std::size_t channels) {
  PackedFile file(path, "a JPEG or PNG file");
  const std::vector<std::uint8_t> bytes = file.read_up_to(kMaxFileBytes);
  if (!file.at_end()) file.fail("larger than 256 MiB");
  return decode_image(bytes, channels, path.string());
}

}  // namespace systolog::workloads
