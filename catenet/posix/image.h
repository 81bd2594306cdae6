/* SPDX-License-Identifier: Apache-2.0
 * What catenet_program() (cmake/posix.cmake) makes of the sources of a program: one object file whose calls of the
 * system go to this room and whose writable data can be found, so that each process has its own. C, because the
 * generated description of a program is C. */
#ifndef CATENET_POSIX_IMAGE_H
#define CATENET_POSIX_IMAGE_H

#ifdef __cplusplus
extern "C" {
#endif

struct catenet_posix_image {
  const char* name;
  int (*main)(int, char**, char**);
  /* Initialised and zeroed data, and the functions that construct its objects; begin and end may both be null. */
  char* data_begin;
  char* data_end;
  char* bss_begin;
  char* bss_end;
  void (**init_begin)(int, char**, char**);
  void (**init_end)(int, char**, char**);
  /* Of this room: whose data is in place now. */
  void* loaded;
};

#ifdef __cplusplus
}
#endif

/* Declares the program NAME of catenet_program(NAME ...), to be given to posix::Process::start(). */
#define CATENET_POSIX_PROGRAM(name) extern "C" catenet_posix_image catenet_posix_image_##name

#endif
