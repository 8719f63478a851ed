/*
 * Preloaded into User Mode Linux, lets it run on processors whose register state is larger than it knows, such as those with AMX.
 *
 * It saves and restores the state of a process through buffers of a fixed size. Newer hosts restore no state that is not whole: "Bad address",
 * and the kernel panics before its first process runs. The state that is missing is that of extensions that no guest uses: it is the initial one.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

typedef long (*ptrace_function)(int, int, void *, void *);

static char state[65536] __attribute__((aligned(64)));
static size_t whole;

long ptrace(enum __ptrace_request request, ...) {
  static ptrace_function real;
  va_list arguments;
  va_start(arguments, request);
  int pid = va_arg(arguments, int);
  void *address = va_arg(arguments, void *);
  void *data = va_arg(arguments, void *);
  va_end(arguments);

  if (real == NULL) real = (ptrace_function)dlsym(RTLD_NEXT, "ptrace");
  if (request != PTRACE_SETREGSET || (long)address != NT_X86_XSTATE) return real(request, pid, address, data);
  if (whole == 0) {
    struct iovec all = {state, sizeof state};
    if (real(PTRACE_GETREGSET, pid, address, &all) == -1) return -1;
    whole = all.iov_len;
    memset(state, 0, sizeof state);
  }
  const struct iovec *known = data;
  if (known->iov_len >= whole) return real(request, pid, address, data);
  memcpy(state, known->iov_base, known->iov_len);
  struct iovec all = {state, whole};
  return real(request, pid, address, &all);
}
