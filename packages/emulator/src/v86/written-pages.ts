/**
 * Which pages of some memory this process has written, as the kernel notes it: Linux 6.7 and later resolve the first write to a protected
 * page by themselves (userfaultfd(2), UFFD_FEATURE_WP_ASYNC) and tell which pages had one (PAGEMAP_SCAN, linux/fs.h), in under a
 * millisecond a GiB. Where it cannot be had there is no record, and whoever asks has to compare.
 */
import { createRequire } from 'node:module';
import type { Koffi } from './native.js';

const HOST_PAGE = 4096;
const SYSCALL_USERFAULTFD: Readonly<Record<string, number>> = { x64: 323, arm64: 282 };
const O_CLOEXEC = 0o2000000;
const UFFD_USER_MODE_ONLY = 1;
const UFFD_API = 0xaan;
const UFFDIO_API = 0xc018aa3f;
const UFFDIO_REGISTER = 0xc020aa00;
const UFFDIO_REGISTER_MODE_WP = 2n;
const UFFD_FEATURE_WP_UNPOPULATED = 1n << 13n;
const UFFD_FEATURE_WP_ASYNC = 1n << 15n;
const PAGEMAP_SCAN = 0xc0606610;
const PM_SCAN_WP_MATCHING = 1n;
const PM_SCAN_CHECK_WPASYNC = 2n;
const PAGE_IS_WRITTEN = 1n << 1n;
const PAGE_IS_PRESENT = 1n << 3n;
const PAGE_IS_SWAPPED = 1n << 4n;
const PAGE_IS_PFNZERO = 1n << 5n;
/** Regions that one call tells; each is three 64-bit words. */
const REGIONS = 4096;

/** Bytes of one area, from `start` to before `end`. */
export interface Stretch {
  readonly area: number;
  readonly start: number;
  readonly end: number;
}

interface Range {
  /** Where the area begins. */
  readonly base: bigint;
  readonly length: number;
  /** Whole pages of the host around it. */
  readonly from: bigint;
  readonly to: bigint;
}

const down = (address: bigint): bigint => address - (address % BigInt(HOST_PAGE));

export class WrittenPages {
  readonly #regions = new BigUint64Array(3 * REGIONS);

  private constructor(
    private readonly koffi: Koffi,
    private readonly ioctl: (fd: number, request: number, argument: BigUint64Array) => number,
    private readonly close: (fd: number) => number,
    private readonly fault: number,
    private readonly pagemap: number,
    private readonly ranges: readonly Range[],
  ) {}

  /** Begins a record of writes to these areas, which stay where they are; undefined where this host keeps none. */
  static over(areas: readonly Uint8Array[]): WrittenPages | undefined {
    const number = SYSCALL_USERFAULTFD[process.arch];
    if (process.platform !== 'linux' || number === undefined) return undefined;
    const opened: number[] = [];
    let close: (fd: number) => number = () => 0;
    try {
      const koffi = createRequire(import.meta.url)('koffi') as Koffi;
      const ranges = areas.map((area): Range => {
        const base = BigInt(koffi.address(area));
        return { base, length: area.length, from: down(base), to: down(base + BigInt(area.length + HOST_PAGE - 1)) };
      });
      // A page of two areas would be told for the first of them only.
      if (ranges.some((one) => ranges.some((other) => one !== other && one.from < other.to && other.from < one.to))) return undefined;
      const library = koffi.load(null);
      // Not by Node.js, which counts what a thread opens and closes.
      close = library.func('int close(int)');
      const ioctl = library.func('int ioctl(int, unsigned long, void *)');
      const fault = Number(library.func('long syscall(long, long)')(number, O_CLOEXEC | UFFD_USER_MODE_ONLY));
      if (fault < 0) return undefined;
      opened.push(fault);
      if (ioctl(fault, UFFDIO_API, BigUint64Array.of(UFFD_API, UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_ASYNC, 0n)) !== 0) throw new Error('no such feature');
      opened.push(library.func('int open(const char *, int)')('/proc/self/pagemap', O_CLOEXEC));
      if (opened[1]! < 0) throw new Error('no page map');
      for (const { from, to } of ranges) {
        if (ioctl(fault, UFFDIO_REGISTER, BigUint64Array.of(from, to - from, UFFDIO_REGISTER_MODE_WP, 0n)) !== 0) throw new Error('the memory cannot be watched');
      }
      const record = new WrittenPages(koffi, ioctl, close, fault, opened[1]!, ranges);
      record.take();
      return record;
    } catch {
      for (const fd of opened) close(fd);
      return undefined;
    }
  }

  /** What has been written since the last call, ascending; up to a page of the host more on either side. */
  take(): Stretch[] {
    return this.#scan(PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC, 0n, PAGE_IS_WRITTEN, 0n);
  }

  /** What was ever written, ascending: all else is zero. */
  touched(): Stretch[] {
    return this.#scan(0n, PAGE_IS_PFNZERO, PAGE_IS_PFNZERO, PAGE_IS_PRESENT | PAGE_IS_SWAPPED);
  }

  end(): void {
    this.close(this.fault);
    this.close(this.pagemap);
  }

  #scan(flags: bigint, inverted: bigint, all: bigint, any: bigint): Stretch[] {
    const found: Stretch[] = [];
    this.ranges.forEach(({ base, length, from, to }, area) => {
      for (let at = from; at < to; ) {
        // struct pm_scan_arg: size, flags, start, end, walk_end, vec, vec_len, max_pages, category_inverted, category_mask, category_anyof_mask, return_mask
        const argument = BigUint64Array.of(96n, flags, at, to, 0n, BigInt(this.koffi.address(this.#regions)), BigInt(REGIONS), 0n, inverted, all, any, PAGE_IS_WRITTEN | PAGE_IS_PRESENT);
        const count = this.ioctl(this.pagemap, PAGEMAP_SCAN, argument);
        if (count < 0) throw new Error(`the kernel does not tell which memory was written (error ${this.koffi.errno()})`);
        for (let index = 0; index < count; index++) {
          const [start, end] = [Number(this.#regions[3 * index]! - base), Number(this.#regions[3 * index + 1]! - base)];
          found.push({ area, start: Math.max(0, start), end: Math.min(length, end) });
        }
        at = argument[4]!;
      }
    });
    return found;
  }
}
