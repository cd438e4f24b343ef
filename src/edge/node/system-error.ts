/** Node's system errors: an Error with `code`, worded as Node words it. */

const texts: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "address not available",
  EAGAIN: "resource temporarily unavailable",
  EBUSY: "resource busy or locked",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EDQUOT: "disk quota exceeded",
  EEXIST: "file already exists",
  EHOSTUNREACH: "host is unreachable",
  EINVAL: "invalid argument",
  EIO: "i/o error",
  EISDIR: "illegal operation on a directory",
  ELOOP: "too many symbolic links encountered",
  EMFILE: "too many open files",
  ENAMETOOLONG: "name too long",
  ENETUNREACH: "network is unreachable",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "not a directory",
  ENOTEMPTY: "directory not empty",
  EPERM: "operation not permitted",
  EPIPE: "broken pipe",
  EROFS: "read-only file system",
  ETIMEDOUT: "connection timed out",
};

export class SystemError extends Error {
  readonly code: string;
  readonly syscall: string;

  constructor(code: string, syscall: string, subject = "") {
    const where = subject === "" ? syscall : `${syscall} '${subject}'`;
    super(code in texts ? `${code}: ${texts[code]}, ${where}` : `${code}, ${where}`);
    this.code = code;
    this.syscall = syscall;
  }
}

/** The host's answer, or what it says that went wrong. */
export function answered<T>(answer: T | string, syscall: string, subject?: string): T {
  if (typeof answer === "string") throw new SystemError(answer, syscall, subject);
  return answer;
}
