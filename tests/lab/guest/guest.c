/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lab's guest: a multiboot kernel that dirties memory, checks it and prints heartbeats.
 *
 * Command line (all optional):
 *   hz=250              ticks per second
 *   beat=5              a heartbeat every so many ticks
 *   ws=16               working set in MiB, from 4 MiB on
 *   rate=4096           KiB to dirty per second (0: fill the working set once, then be idle)
 *   burst=S             dirty for S seconds, be idle for as long, and so on (0: always dirty)
 *   verify=32           MiB of the working set to check per second without writing to it
 *   marker=<32 hex>     16 bytes with which every page is filled
 *   poweroff-after=S    power off S seconds after the boot
 *   reset-after=S       reset the machine S seconds after the boot
 *   spoil-after=S       once, after S seconds: change a page behind its own back (tests the judge)
 *
 * Heartbeat, one line:  H <boot> <tick> <sweep> <round> <bad> <sum>\n   in hex. <boot> is random;
 * <sweep> counts how often the working set was written, <round> how often it was checked whole,
 * <bad> the times that a page was not what was written; <sum> is the xor of the five.
 *
 * QEMU before 9.0 loses, when it migrates under TCG, writes that go through a TLB entry which was
 * live while the dirty log was read. So: the TLB is flushed before every page that is written, and
 * all state of the program, its stack included, is one page that is written after each flush.
 * Interrupts come only at one hlt, so that what the processor pushes is the same each time. */

#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;

enum
{
  PAGE = 4096,
  WORKING_SET = 4 << 20,
  COM1 = 0x3f8,
  PM1_STATUS = 0x600,
  PM1_CONTROL = 0x604
};

/* The multiboot header, which has to be near the start of the file. */
__asm__(".section .text.header, \"ax\"\n.balign 4\n.long 0x1badb002, 2, -(0x1badb002 + 2)\n.text");

/* Everything that changes while the guest runs, in one page. */
static struct
{
  volatile u32 tick;
  u32 boot, sweep, round, bad, page, pages, credit, verified, verify_credit;
  u32 hz, beat, ws_mib, rate_kib, verify_mib, burst, poweroff_after, reset_after, spoil_after;
  u32 marker[4];
  u32 stack[900];
} hot __attribute__ ((aligned (PAGE)));

static u32 idt[64][2] __attribute__ ((aligned (PAGE)));
__attribute__ ((used)) static const u32 gdt[6] = {0,          0,          0x0000ffff,
                                                  0x00cf9a00, 0x0000ffff, 0x00cf9200};

static void
outb (u16 port, u8 value)
{
  __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}
static void
outw (u16 port, u16 value)
{
  __asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}
static u8
inb (u16 port)
{
  u8 v;
  __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
  return v;
}
static u16
inw (u16 port)
{
  u16 v;
  __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
  return v;
}

static void
flush_tlb (void)
{
  u32 cr4;
  __asm__ volatile("movl %%cr4, %0\n\txorl $0x80, %0\n\tmovl %0, %%cr4\n\t"
                   "xorl $0x80, %0\n\tmovl %0, %%cr4"
                   : "=&r"(cr4)::"memory");
}

static void
put (char c)
{
  while (!(inb (COM1 + 5) & 0x20))
    ;
  outb (COM1, (u8)c);
}

static void
put_hex (u32 value)
{
  int shift = 28;
  while (shift > 0 && !(value >> shift))
    shift -= 4;
  for (; shift >= 0; shift -= 4)
    put ("0123456789abcdef"[(value >> shift) & 15]);
}

static void
heartbeat (void)
{
  const u32 values[] = {hot.boot,  hot.tick, hot.sweep,
                        hot.round, hot.bad,  hot.boot ^ hot.tick ^ hot.sweep ^ hot.round ^ hot.bad};
  put ('H');
  for (u32 i = 0; i < 6; i++)
    {
      put (' ');
      put_hex (values[i]);
    }
  put ('\n');
}

/* Four words of a page hold a value that differs in each sweep; the rest is the marker. */
static u32 *
word (u32 page, u32 i)
{
  return (u32 *)(WORKING_SET + page * PAGE + i * 1024 + 512);
}
static u32
value (u32 page, u32 sweep, u32 i)
{
  return (page * 2654435761u) ^ (sweep * 40503u + i);
}

static void
fill (u32 page)
{
  u32 *p = (u32 *)(WORKING_SET + page * PAGE);
  flush_tlb ();
  for (u32 i = 0; i < PAGE / 4; i++)
    p[i] = hot.marker[i & 3];
  for (u32 i = 0; i < 4; i++)
    *word (page, i) = value (page, 0, i);
}

/* Four values and 16 bytes of marker, others in each round. */
static void
check (u32 page)
{
  const u32 *p = (const u32 *)(WORKING_SET + page * PAGE);
  u32 at = (hot.round % 32) * 4, wrong = 0;
  u32 sweep = hot.sweep + (page < hot.page);

  for (u32 i = 0; i < 4; i++)
    wrong |= *word (page, i) ^ value (page, sweep, i);
  for (u32 i = 0; i < 4; i++)
    wrong |= p[(page % 4) * 256 + at + i] ^ hot.marker[i];
  hot.bad += wrong != 0;
}

static void
dirty (void)
{
  if (hot.burst && hot.tick / hot.hz / hot.burst % 2)
    return;
  hot.credit += hot.rate_kib * 1024 / hot.hz;
  for (; hot.credit >= PAGE; hot.credit -= PAGE)
    {
      u32 page = hot.page;

      flush_tlb ();
      check (page);
      for (u32 i = 0; i < 4; i++)
        *word (page, i) = value (page, hot.sweep + 1, i);
      hot.page = page + 1 < hot.pages ? page + 1 : 0;
      hot.sweep += hot.page == 0;
    }
}

static void
verify (void)
{
  hot.verify_credit += hot.verify_mib * (1 << 20) / hot.hz;
  for (; hot.verify_credit >= PAGE; hot.verify_credit -= PAGE)
    {
      check (hot.verified);
      hot.verified = hot.verified + 1 < hot.pages ? hot.verified + 1 : 0;
      hot.round += hot.verified == 0;
    }
}

static const char *
option (const char *line, const char *name)
{
  for (; *line; line++)
    {
      const char *a = line, *b = name;
      while (*b && *a == *b)
        a++, b++;
      if (!*b)
        return a;
    }
  return 0;
}

static u32
number (const char *line, const char *name, u32 otherwise)
{
  const char *p = option (line, name);
  u32 n = 0;
  if (!p)
    return otherwise;
  for (; *p >= '0' && *p <= '9'; p++)
    n = n * 10 + (u32)(*p - '0');
  return n;
}

static void
configure (const char *line)
{
  const char *hex = option (line, "marker=");
  hot.hz = number (line, "hz=", 250);
  hot.beat = number (line, "beat=", 5);
  hot.ws_mib = number (line, "ws=", 16);
  hot.rate_kib = number (line, "rate=", 4096);
  hot.verify_mib = number (line, "verify=", 32);
  hot.burst = number (line, "burst=", 0);
  hot.poweroff_after = number (line, "poweroff-after=", 0);
  hot.reset_after = number (line, "reset-after=", 0);
  hot.spoil_after = number (line, "spoil-after=", 0);
  for (u32 i = 0; i < 32 && hex && hex[i] > ' '; i++)
    ((u8 *)hot.marker)[i / 2] |=
        (u8)((hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10) << (i & 1 ? 0 : 4));
  hot.pages = hot.ws_mib * 256;
}

/* IRQ 0. It may use eax: it comes only at the hlt below, which says so. */
void tick_entry (void);
__asm__("tick_entry:\n\t"
        "movl %cr4, %eax\n\txorl $0x80, %eax\n\tmovl %eax, %cr4\n\txorl $0x80, %eax\n\tmovl %eax, "
        "%cr4\n\t"
        "incl hot\n\tmovb $0x20, %al\n\toutb %al, $0x20\n\tiret");

static void
start_clock (void)
{
  struct __attribute__ ((packed))
  {
    u16 limit;
    u32 base;
  } pointer = {sizeof idt - 1, (u32)idt};
  u32 divisor = 1193182 / hot.hz;

  idt[32][0] = 0x00080000 | ((u32)tick_entry & 0xffff);
  idt[32][1] = ((u32)tick_entry & 0xffff0000) | 0x8e00;
  __asm__ volatile("lidt %0" ::"m"(pointer));
  outb (0x20, 0x11), outb (0x21, 32), outb (0x21, 4), outb (0x21, 1), outb (0x21, 0xfe);
  outb (0xa0, 0x11), outb (0xa1, 40), outb (0xa1, 2), outb (0xa1, 1), outb (0xa1, 0xff);
  outb (0x43, 0x34), outb (0x40, (u8)divisor), outb (0x40, (u8)(divisor >> 8));
  outw (PM1_STATUS + 2, 0x100); /* the power button is to be reported */
}

static void
act_on_time (void)
{
  u32 second = hot.tick % hot.hz ? 0 : hot.tick / hot.hz;

  if ((inw (PM1_STATUS) & 0x100) || (second && second == hot.poweroff_after))
    outw (PM1_CONTROL, 0x2000);
  if (second && second == hot.reset_after)
    outb (0x64, 0xfe);
  if (second && second == hot.spoil_after)
    *word (hot.pages - 1, 0) ^= 1;
}

__attribute__ ((used)) static void
guest_main (u32 magic, const u32 *info)
{
  u32 low;

  configure (magic == 0x2badb002 && (info[0] & 4) ? (const char *)info[4] : "");
  __asm__ volatile("rdtsc" : "=a"(low)::"edx");
  hot.boot = low | 1;
  for (u32 page = 0; page < hot.pages; page++)
    fill (page);
  start_clock ();
  for (;;)
    {
      __asm__ volatile("sti\n\thlt\n\tcli" ::: "eax", "memory", "cc");
      if (hot.tick % hot.beat == 0)
        heartbeat ();
      dirty ();
      verify ();
      act_on_time ();
      flush_tlb ();
      /* A logged write, for whatever went to this page before the flush. */
      __asm__ volatile("lock orl $0, %0" : "+m"(hot.tick));
    }
}

__asm__(".section .text.start\n.globl _start\n_start:\n\t"
        "cli\n\tmovl $hot + 4096, %esp\n\tmovl %eax, %esi\n\t"
        "pushl $0\n\tpushl $0\n\tlgdt gdt_pointer\n\tljmp $8, $1f\n"
        "1:\tmovw $16, %ax\n\tmovw %ax, %ds\n\tmovw %ax, %es\n\tmovw %ax, %ss\n\t"
        "pushl %ebx\n\tpushl %esi\n\tcall guest_main\n"
        "gdt_pointer:\n\t.word 23\n\t.long gdt\n\t.text");
