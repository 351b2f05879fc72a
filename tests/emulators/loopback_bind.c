/* For an emulator that listens on every interface and cannot be told otherwise: loaded before it, this has it listen on 127.0.0.1.
   gcc -shared -fPIC -O2 -o loopback_bind.so loopback_bind.c -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int bind(int fd, const struct sockaddr *address, socklen_t length) {
  static int (*real)(int, const struct sockaddr *, socklen_t);
  if (!real) real = dlsym(RTLD_NEXT, "bind");
  if (address && address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
    struct sockaddr_in v4;
    memcpy(&v4, address, sizeof v4);
    if (v4.sin_addr.s_addr == INADDR_ANY) v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return real(fd, (struct sockaddr *)&v4, sizeof v4);
  }
  if (address && address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    if (IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr)) { /* a socket for both: ::ffff:127.0.0.1 */
      memset(&v6.sin6_addr, 0, 16);
      v6.sin6_addr.s6_addr[10] = v6.sin6_addr.s6_addr[11] = 0xff;
      v6.sin6_addr.s6_addr[12] = 127;
      v6.sin6_addr.s6_addr[15] = 1;
    }
    return real(fd, (struct sockaddr *)&v6, sizeof v6);
  }
  return real(fd, address, length);
}
