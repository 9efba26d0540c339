/* SPDX-License-Identifier: MIT */
/* System calls without a stack. */
#ifndef CR_RAW_SYSCALL_H
#define CR_RAW_SYSCALL_H

/*
 * A system call whose child may run on the caller's stack: no return address of a wrapper lies there for it to overwrite.
 */
static inline __attribute__((always_inline)) long raw_syscall2(long nr, long a, long b)
{
#if defined(__x86_64__)
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return ret;
#elif defined(__i386__)
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b) : "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
	return x0;
#elif defined(__arm__)
	register long r7 __asm__("r7") = nr;
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;

	__asm__ volatile("svc #0" : "+r"(r0) : "r"(r7), "r"(r1) : "memory");
	return r0;
#elif defined(__riscv)
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1) : "memory");
	return a0;
#elif defined(__s390x__)
	register long r1 __asm__("1") = nr;
	register long r2 __asm__("2") = a;
	register long r3 __asm__("3") = b;

	__asm__ volatile("svc 0" : "+d"(r2) : "d"(r1), "d"(r3) : "memory");
	return r2;
#elif defined(__powerpc64__)
	register long r0 __asm__("r0") = nr;
	register long r3 __asm__("r3") = a;
	register long r4 __asm__("r4") = b;

	__asm__ volatile("sc\n\tbns+ 1f\n\tneg 3,3\n1:"
			 : "+r"(r0), "+r"(r3), "+r"(r4)
			 :
			 : "cr0", "memory", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12",
			   "ctr");
	return r3;
#else
#error "no raw system call for this architecture yet: add one here"
#endif
}

#endif
