// SPDX-License-Identifier: Apache-2.0
// The functions of the C library that mean a standard stream without saying so, and std::cout, std::cerr, std::cin.
// Those that take a FILE are the library's own: the streams of a process are real streams (stream.h).
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <istream>
#include <ostream>
#include <streambuf>

#include "catenet/posix/abi.h"

using namespace catenet::posix;

namespace catenet::posix {
namespace {

FILE* out() { return self().stream(1); }
FILE* err() { return self().stream(2); }

/// err(3): "program: text: error".
void complain(int code, bool with_error, const char* format, std::va_list arguments) {
  std::fflush(out());
  std::fprintf(err(), "%s: ", self().name());
  if (format != nullptr) {
    std::vfprintf(err(), format, arguments);
  }
  if (with_error) {
    std::fprintf(err(), "%s%s", format != nullptr ? ": " : "", std::strerror(code));
  }
  std::fputc('\n', err());
}

/// Hands everything on to the stream of whoever runs.
class StreamBuffer final : public std::streambuf {
 public:
  explicit StreamBuffer(int number) : number_(number) {}

 protected:
  int_type overflow(int_type c) override {
    return traits_type::eq_int_type(c, traits_type::eof()) ? traits_type::not_eof(c)
                                                           : std::fputc(c, self().stream(number_));
  }
  std::streamsize xsputn(const char* text, std::streamsize n) override {
    return static_cast<std::streamsize>(std::fwrite(text, 1, static_cast<std::size_t>(n), self().stream(number_)));
  }
  int sync() override { return std::fflush(self().stream(number_)); }
  int_type underflow() override {
    const int c = std::getc(self().stream(number_));
    return c == EOF ? traits_type::eof() : std::ungetc(c, self().stream(number_));
  }
  int_type uflow() override { return std::getc(self().stream(number_)); }

 private:
  int number_;
};

}  // namespace
}  // namespace catenet::posix

#define CATENET_PASS(call)     \
  std::va_list arguments;      \
  va_start(arguments, format); \
  const int result = (call);   \
  va_end(arguments);           \
  return result

extern "C" {

int catenet_posix_printf(const char* format, ...) { CATENET_PASS(std::vfprintf(out(), format, arguments)); }
int catenet_posix_printf_chk(int, const char* format, ...) { CATENET_PASS(std::vfprintf(out(), format, arguments)); }
int catenet_posix_vprintf(const char* format, std::va_list arguments) {
  return std::vfprintf(out(), format, arguments);
}
int catenet_posix_puts(const char* text) {
  return std::fputs(text, out()) == EOF || std::fputc('\n', out()) == EOF ? EOF : 1;
}
int catenet_posix_putchar(int c) { return std::fputc(c, out()); }
int catenet_posix_getchar() { return std::fgetc(self().stream(0)); }
int catenet_posix_scanf(const char* format, ...) { CATENET_PASS(std::vfscanf(self().stream(0), format, arguments)); }
void catenet_posix_perror(const char* text) {
  const int code = errno;
  const bool named = text != nullptr && *text != '\0';
  std::fprintf(err(), "%s%s%s\n", named ? text : "", named ? ": " : "", std::strerror(code));
}

void catenet_posix_warn(const char* format, ...) {
  const int code = errno;
  std::va_list arguments;
  va_start(arguments, format);
  complain(code, true, format, arguments);
  va_end(arguments);
}
void catenet_posix_warnx(const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  complain(0, false, format, arguments);
  va_end(arguments);
}
void catenet_posix_err(int status, const char* format, ...) {
  const int code = errno;
  std::va_list arguments;
  va_start(arguments, format);
  complain(code, true, format, arguments);
  va_end(arguments);
  self().exit(status);
}
void catenet_posix_errx(int status, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  complain(0, false, format, arguments);
  va_end(arguments);
  self().exit(status);
}
void catenet_posix_error(int status, int code, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  complain(code, code != 0, format, arguments);
  va_end(arguments);
  if (status != 0) {
    self().exit(status);
  }
}

}  // extern "C"

// One each for all processes: they hold no text, and whoever runs has streams of its own.
namespace catenet::posix {
namespace {
StreamBuffer out_buffer(1);
StreamBuffer err_buffer(2);
StreamBuffer in_buffer(0);
}  // namespace
}  // namespace catenet::posix
std::ostream catenet_posix_cout __asm__("catenet_posix_cout")(&catenet::posix::out_buffer);
std::ostream catenet_posix_cerr __asm__("catenet_posix_cerr")(&catenet::posix::err_buffer);
std::istream catenet_posix_cin __asm__("catenet_posix_cin")(&catenet::posix::in_buffer);
