# catenet_program(NAME SOURCES file... [OPTIONS flag...]): makes an ordinary C or C++ program one that runs inside a
# simulated host (catenet/posix). Its sources are compiled as they are, against the system's own headers; then
#   ld -r     joins the objects, and its writable data into two sections that can be found
#   objcopy   gives the calls of the system the names of catenet/posix/symbols.txt, and hides every other name, so that
#             any number of programs, each with its main() and its globals, can stand in one executable
# The result is the library catenet_program_NAME, which has `catenet_posix_image_NAME` for posix::Process::start().
# NAME is an identifier of C.
set(CATENET_POSIX_ALIASES ${CMAKE_SOURCE_DIR}/catenet/posix/aliases.txt)  # two names of one call; objcopy wants pairs
set(CATENET_POSIX_SYMBOLS ${CMAKE_SOURCE_DIR}/catenet/posix/symbols.txt)
find_program(CATENET_LD ld REQUIRED)
find_program(CATENET_OBJCOPY objcopy REQUIRED)

function(catenet_program name)
  cmake_parse_arguments(PROGRAM "" "" "SOURCES;OPTIONS" ${ARGN})
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/program_${name})
  file(MAKE_DIRECTORY ${folder})
  file(CONFIGURE OUTPUT ${folder}/sections.ld @ONLY CONTENT [=[
SECTIONS {
  .data.rel.ro : { *(.data.rel.ro .data.rel.ro.*) }
  catenet_data_@name@ : { *(.data .data.*) }
  catenet_bss_@name@ : { *(.bss .bss.* COMMON) }
  catenet_init_@name@ : {
    KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*)))
    KEEP(*(.init_array))
  }
}
]=])
  file(CONFIGURE OUTPUT ${folder}/image.c @ONLY CONTENT [=[
#include "catenet/posix/image.h"
int catenet_posix_main_@name@(int, char**, char**);
/* The linker makes these two of every section whose name is an identifier; a program may have none of a kind. */
#define SECTION(type, kind)                                              \
  extern type __start_catenet_##kind##_@name@[] __attribute__((weak));   \
  extern type __stop_catenet_##kind##_@name@[] __attribute__((weak))
typedef void (*catenet_init)(int, char**, char**);
SECTION(char, data);
SECTION(char, bss);
SECTION(catenet_init, init);
struct catenet_posix_image catenet_posix_image_@name@ = {
    "@name@",
    catenet_posix_main_@name@,
    __start_catenet_data_@name@, __stop_catenet_data_@name@,
    __start_catenet_bss_@name@, __stop_catenet_bss_@name@,
    __start_catenet_init_@name@, __stop_catenet_init_@name@,
    0};
]=])
  add_library(program_objects_${name} OBJECT ${PROGRAM_SOURCES})
  target_compile_options(program_objects_${name} PRIVATE -fPIC -fexceptions -fno-lto -U_FORTIFY_SOURCE
    -fno-sanitize=all $<$<CXX_COMPILER_ID:GNU>:$<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>> ${PROGRAM_OPTIONS})
  set(objects "$<TARGET_OBJECTS:program_objects_${name}>")
  add_custom_command(OUTPUT ${folder}/program.o
    COMMAND ${CATENET_LD} -r --force-group-allocation -d -T ${folder}/sections.ld -o ${folder}/joined.o ${objects}
    COMMAND ${CATENET_OBJCOPY} --redefine-syms=${CATENET_POSIX_ALIASES} ${folder}/joined.o ${folder}/plain.o
    COMMAND ${CATENET_OBJCOPY} --redefine-syms=${CATENET_POSIX_SYMBOLS} ${folder}/plain.o ${folder}/redirected.o
    COMMAND ${CATENET_OBJCOPY} --redefine-sym=catenet_posix_main=catenet_posix_main_${name}
            ${folder}/redirected.o ${folder}/named.o
    COMMAND ${CATENET_OBJCOPY} --keep-global-symbol=catenet_posix_main_${name} ${folder}/named.o ${folder}/program.o
    DEPENDS program_objects_${name} ${objects} ${CATENET_POSIX_SYMBOLS} ${CATENET_POSIX_ALIASES} ${folder}/sections.ld
    COMMAND_EXPAND_LISTS VERBATIM)
  add_library(catenet_program_${name} STATIC ${folder}/image.c ${folder}/program.o)
  set_source_files_properties(${folder}/program.o PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  target_link_libraries(catenet_program_${name} PUBLIC catenet_posix)
endfunction()
