//! Standard output, closed for a moment.

/// Runs `work`; what it prints on standard output goes nowhere.
pub(crate) fn without_output<R>(work: impl FnOnce() -> R) -> R {
    let _closed = Closed::new();
    work()
}

#[cfg(unix)]
use unix::Closed;
#[cfg(windows)]
use windows::Closed;

#[cfg(unix)]
mod unix {
    use std::ffi::c_int;
    use std::fs::File;
    use std::io::stdout;
    use std::os::fd::{AsFd as _, AsRawFd, OwnedFd};

    unsafe extern "C" {
        fn dup2(from: c_int, to: c_int) -> c_int;
    }

    /// Standard output as it was, put back in the end; nothing if it could not be replaced.
    pub(super) struct Closed(Option<OwnedFd>);

    impl Closed {
        pub(super) fn new() -> Self {
            let kept = stdout().as_fd().try_clone_to_owned();
            let nowhere = File::options().write(true).open("/dev/null");
            Self(kept.ok().zip(nowhere.ok()).filter(|(_, nowhere)| replace(nowhere)).map(|(kept, _)| kept))
        }
    }

    impl Drop for Closed {
        fn drop(&mut self) {
            if let Some(kept) = &self.0 {
                replace(kept);
            }
        }
    }

    fn replace(file: &impl AsRawFd) -> bool {
        // SAFETY: both descriptors are open, and nobody owns that of standard output.
        unsafe { dup2(file.as_raw_fd(), stdout().as_raw_fd()) != -1 }
    }
}

#[cfg(windows)]
mod windows {
    use std::ffi::c_void;
    use std::ptr;

    const STD_OUTPUT_HANDLE: u32 = -11_i32 as u32;

    unsafe extern "system" {
        fn GetStdHandle(which: u32) -> *mut c_void;
        fn SetStdHandle(which: u32, handle: *mut c_void) -> i32;
    }

    /// The handle that Rust asks for whenever it prints, put back in the end. The engine asks for it only once.
    pub(super) struct Closed(*mut c_void);

    impl Closed {
        pub(super) fn new() -> Self {
            // SAFETY: the types are those of the system; without a handle Rust prints nothing.
            unsafe {
                let kept = GetStdHandle(STD_OUTPUT_HANDLE);
                SetStdHandle(STD_OUTPUT_HANDLE, ptr::null_mut());
                Self(kept)
            }
        }
    }

    impl Drop for Closed {
        fn drop(&mut self) {
            // SAFETY: the types are those of the system.
            unsafe { SetStdHandle(STD_OUTPUT_HANDLE, self.0) };
        }
    }
}
