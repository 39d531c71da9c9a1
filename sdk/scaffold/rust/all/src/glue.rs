//! Between Rust and the ABI. A panic never crosses the border: every function the host calls runs
//! in `fenced`, which catches it and answers E_PANIC.
#![allow(dead_code)]

use std::ffi::{c_void, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::abi::*;

/// Why something is refused: a status and a sentence.
pub struct Failure(pub i32, pub String);

/// The instance's validated configuration, defaults filled in.
pub struct Settings<'a> {
    host: &'a Host,
    cfg: *const c_void,
}

impl Settings<'_> {
    /// A string; the view lives as long as the instance.
    pub fn text(&self, path: &str) -> Result<Str, Failure> {
        let mut value = Str::EMPTY;
        let name = CString::new(path).unwrap();
        match unsafe { (self.host.cfg_str)(self.cfg, name.as_ptr(), &mut value) } {
            OK => Ok(value),
            _ => Err(Failure(E_CONFIG, format!("{}: is missing", path))),
        }
    }

    /// An integer; a truth value as 0 or 1, a duration in nanoseconds, a size in bytes.
    pub fn integer(&self, path: &str) -> Result<i64, Failure> {
        let mut value = 0;
        let name = CString::new(path).unwrap();
        match unsafe { (self.host.cfg_i64)(self.cfg, name.as_ptr(), &mut value) } {
            OK => Ok(value),
            _ => Err(Failure(E_CONFIG, format!("{}: is missing", path))),
        }
    }
}

/// What a plugin's type implements. The host outlives the instance.
pub trait Plugin: Sized {
    fn create(host: *const Host, settings: &Settings) -> Result<Self, Failure>;
}

pub fn lossy(view: Str) -> String {
    String::from_utf8_lossy(unsafe { view.bytes() }).into_owned()
}

/// Runs `work`; a panic becomes `otherwise`.
pub fn fenced<T>(otherwise: T, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(otherwise)
}

/// # Safety
/// `err` is NULL or the host's.
pub unsafe fn tell(err: *mut Error, failure: Failure) -> i32 {
    if let Some(err) = unsafe { err.as_mut() } {
        let mut length = failure.1.len().min(err.msg.len());
        while !failure.1.is_char_boundary(length) {
            length -= 1;
        }
        err.code = failure.0;
        err.msg_len = length as u32;
        err.msg[..length].copy_from_slice(&failure.1.as_bytes()[..length]);
    }
    failure.0
}

pub unsafe extern "C" fn create<T: Plugin>(
    host: *const Host,
    _component: *const Component,
    cfg: *const c_void,
    out: *mut *mut c_void,
    err: *mut Error,
) -> i32 {
    fenced(E_PANIC, || unsafe {
        match T::create(host, &Settings { host: &*host, cfg }) {
            Ok(plugin) => {
                *out = Box::into_raw(Box::new(plugin)) as *mut c_void;
                OK
            }
            Err(failure) => tell(err, failure),
        }
    })
}

pub unsafe extern "C" fn destroy<T: Plugin>(this: *mut c_void) {
    fenced((), || drop(unsafe { Box::from_raw(this as *mut T) }))
}

/// # Safety
/// `host` and `err` are the host's.
pub unsafe fn entry(
    host: *const HostInfo,
    err: *mut Error,
    module: &'static Module,
) -> *const Module {
    fenced(std::ptr::null(), || unsafe {
        if (*host).abi_major == 1 {
            return module as *const Module;
        }
        tell(err, Failure(E_ABI, "this plugin needs plugin ABI 1".to_owned()));
        std::ptr::null()
    })
}

/// The ABI's descriptors hold raw pointers to other statics, never written: fit for every thread.
#[repr(transparent)]
pub struct Shared<T>(pub T);
unsafe impl<T> Sync for Shared<T> {}

/// heliograph_plugin!(type, kind, table, summary, schema): the descriptors, static, and the entry.
macro_rules! heliograph_plugin {
    ($type:ty, $kind:expr, $table:expr, $summary:expr, $schema:expr) => {
        static LIFE: Shared<Lifecycle> = Shared(Lifecycle {
            size: std::mem::size_of::<Lifecycle>() as u32,
            reserved: 0,
            create: glue::create::<$type>,
            start: std::ptr::null(),
            reconfigure: std::ptr::null(),
            drain: std::ptr::null(),
            stop: std::ptr::null(),
            destroy: glue::destroy::<$type>,
            get_extension: std::ptr::null(),
        });
        static COMPONENT: Shared<Component> = Shared(Component {
            size: std::mem::size_of::<Component>() as u32,
            kind: $kind,
            flags: 0,
            reserved: 0,
            id: Str::of("@NAME@"),
            version: Str::of(env!("CARGO_PKG_VERSION")),
            summary: Str::of($summary),
            config_schema: Str::of($schema),
            life: &LIFE.0,
            vtbl: &$table.0 as *const _ as *const c_void,
        });
        static COMPONENTS: Shared<[*const Component; 1]> = Shared([&COMPONENT.0]);
        static MODULE: Shared<Module> = Shared(Module {
            size: std::mem::size_of::<Module>() as u32,
            abi_major: 1,
            abi_minor_built: 0,
            abi_minor_required: 0,
            name: Str::of("@NAME@"),
            version: Str::of(env!("CARGO_PKG_VERSION")),
            vendor: Str::of("me"),
            license: Str::of(env!("CARGO_PKG_LICENSE")),
            sdk: Str::of("rust"),
            components: COMPONENTS.0.as_ptr(),
            n_components: 1,
            init: std::ptr::null(),
            fini: std::ptr::null(),
        });

        /// # Safety
        /// Called by the gateway as `abi/module.h` says.
        #[no_mangle]
        pub unsafe extern "C" fn hg_plugin_entry_v1(
            host: *const HostInfo,
            err: *mut Error,
        ) -> *const Module {
            unsafe { glue::entry(host, err, &MODULE.0) }
        }
    };
}
pub(crate) use heliograph_plugin;
