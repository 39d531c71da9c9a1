//! The part of the plugin ABI that this provider uses, as `sdk/include/heliograph/abi` declares it.
//!
//! Slots that it neither fills nor calls are plain pointers here; the headers are the manual.
#![allow(dead_code)]

use std::ffi::c_void;
use std::mem::size_of;
use std::os::raw::c_char; // in std::ffi from Rust 1.64 on only

pub const OK: i32 = 0;
pub const E_CONFIG: i32 = -2;
pub const E_UNSUPPORTED: i32 = -5;
pub const E_ABI: i32 = -1;
pub const E_PANIC: i32 = -12;

pub const KIND_PROVIDER: u32 = 1;
pub const CH_SMS: u32 = 1;
pub const CAP_DEDUPES: u64 = 1;
pub const LOG_ERROR: u32 = 4;

pub const SENT: u32 = 0;
pub const REJECTED: u32 = 1;
pub const RETRY: u32 = 2;
pub const UNKNOWN: u32 = 3;
pub const THROTTLED: u32 = 4;
pub const REFUSED: u32 = 5;

pub const HTTP_WRITTEN: u32 = 2;
pub const HTTP_HEAD: u32 = 3;
pub const HTTP_F_SAFE_TO_RESEND: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub ptr: *const c_char,
    pub len: usize,
}

impl Str {
    pub const EMPTY: Str = Str { ptr: std::ptr::null(), len: 0 };

    pub const fn of(text: &str) -> Str {
        Str { ptr: text.as_ptr() as *const c_char, len: text.len() }
    }

    /// # Safety
    /// The view must be alive, as the ABI's comment on it says.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len == 0 {
            return &[];
        }
        unsafe { std::slice::from_raw_parts(self.ptr as *const u8, self.len) }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Kv {
    pub key: Str,
    pub value: Str,
}

#[repr(C)]
pub struct Error {
    pub size: u32,
    pub code: i32,
    pub flags: u32,
    pub msg_len: u32,
    pub msg: [u8; 496],
}

pub type Unused = *const c_void;

#[repr(C)]
pub struct Host {
    pub size: u32,
    pub abi_minor: u32,
    pub private: *mut c_void,
    pub instance: Str,
    pub shard: u32,
    pub n_shards: u32,
    pub get_extension: unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void,
    pub log_enabled: Unused,
    pub log: unsafe extern "C" fn(*const Host, u32, Str, *const Kv, usize),
    pub metric_register: Unused,
    pub metric_add: Unused,
    pub now_mono_ns: unsafe extern "C" fn(*const Host) -> u64,
    pub now_unix_ns: Unused,
    pub post: Unused,
    pub timer_start: Unused,
    pub timer_cancel: Unused,
    pub complete: Unused,
    pub complete_send: unsafe extern "C" fn(*const Host, *const SendResult, usize) -> i32,
    pub complete_limit: Unused,
    pub emit: Unused,
    pub set_window: Unused,
    pub cfg_str: unsafe extern "C" fn(*const c_void, *const c_char, *mut Str) -> i32,
    pub cfg_i64: unsafe extern "C" fn(*const c_void, *const c_char, *mut i64) -> i32,
    pub cfg_f64: Unused,
    pub cfg_type: Unused,
    pub cfg_key: Unused,
    pub cfg_json: Unused,
}

#[repr(C)]
pub struct HostInfo {
    pub size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub reserved: u32,
    pub name: Str,
    pub version: Str,
}

#[repr(C)]
pub struct Component {
    pub size: u32,
    pub kind: u32,
    pub flags: u32,
    pub reserved: u32,
    pub id: Str,
    pub version: Str,
    pub summary: Str,
    pub config_schema: Str,
    pub life: *const Lifecycle,
    pub vtbl: *const c_void,
}

#[repr(C)]
pub struct Module {
    pub size: u32,
    pub abi_major: u32,
    pub abi_minor_built: u32,
    pub abi_minor_required: u32,
    pub name: Str,
    pub version: Str,
    pub vendor: Str,
    pub license: Str,
    pub sdk: Str,
    pub components: *const *const Component,
    pub n_components: usize,
    pub init: Unused,
    pub fini: Unused,
}

#[repr(C)]
pub struct Lifecycle {
    pub size: u32,
    pub reserved: u32,
    pub create: unsafe extern "C" fn(
        *const Host,
        *const Component,
        *const c_void,
        *mut *mut c_void,
        *mut Error,
    ) -> i32,
    pub start: Unused,
    pub reconfigure: Unused,
    pub drain: Unused,
    pub stop: Unused,
    pub destroy: unsafe extern "C" fn(*mut c_void),
    pub get_extension: Unused,
}

#[repr(C)]
pub struct Message {
    pub size: u32,
    pub channel: u32,
    pub id: Str,
    pub idempotency_key: Str,
    pub from: Str,
    pub to: Str,
    pub subject: Str,
    pub content_type: Str,
    pub body: Str,
    pub headers: *const Kv,
    pub n_headers: usize,
    pub parts: *const c_void,
    pub n_parts: usize,
}

#[repr(C)]
pub struct SendItem {
    pub op: u64,
    pub msg: *const Message,
    pub deadline_mono_ns: u64,
    pub attempt: u32,
    pub flags: u32,
}

#[repr(C)]
pub struct SendResult {
    pub size: u32,
    pub outcome: u32,
    pub op: u64,
    pub retry_after_ns: u64,
    pub segments: u32,
    pub status_code: i32,
    pub provider_msg_id: Str,
    pub provider_code: Str,
    pub detail: Str,
    pub part_ids: *const Str,
    pub n_part_ids: usize,
}

#[repr(C)]
pub struct ProviderCaps {
    pub size: u32,
    pub channels: u32,
    pub max_batch: u32,
    pub max_inflight: u32,
    pub flags: u64,
}

#[repr(C)]
pub struct Provider {
    pub size: u32,
    pub reserved: u32,
    pub caps: unsafe extern "C" fn(*mut c_void, *mut ProviderCaps) -> i32,
    pub send: unsafe extern "C" fn(*mut c_void, *const SendItem, usize, *mut usize) -> i32,
    pub cancel: Unused,
}

// With its NUL: c"..." is newer than Debian 12's Rust.
pub const EXT_HTTP_CLIENT: &str = "hg.http-client/1\0";

#[repr(C)]
pub struct HttpRequest {
    pub size: u32,
    pub flags: u32,
    pub method: Str,
    pub url: Str,
    pub headers: *const Kv,
    pub n_headers: usize,
    pub body: Str,
    pub deadline_mono_ns: u64,
    pub body_max: u64,
}

#[repr(C)]
pub struct HttpResponse {
    pub size: u32,
    pub flags: u32,
    pub id: u64,
    pub status: i32,
    pub progress: u32,
    pub code: u32,
    pub reserved: u32,
    pub detail: Str,
    pub headers: *const Kv,
    pub n_headers: usize,
    pub body: Str,
    pub total_ns: u64,
    pub wait_ns: u64,
}

pub type HttpDone = unsafe extern "C" fn(*mut c_void, u64, *const HttpResponse);

#[repr(C)]
pub struct HttpClient {
    pub size: u32,
    pub reserved: u32,
    pub request: unsafe extern "C" fn(
        *const Host,
        *const HttpRequest,
        HttpDone,
        *mut c_void,
        u64,
        *mut u64,
    ) -> i32,
    pub cancel: Unused,
}

// The same figures as the golden file of this ABI version: a slip above does not compile.
const _: () = {
    assert!(size_of::<Host>() == 208);
    assert!(size_of::<Error>() == 512);
    assert!(size_of::<Module>() == 128);
    assert!(size_of::<Component>() == 96);
    assert!(size_of::<Lifecycle>() == 64);
    assert!(size_of::<Message>() == 152);
    assert!(size_of::<SendItem>() == 32);
    assert!(size_of::<SendResult>() == 96);
    assert!(size_of::<HttpRequest>() == 88);
    assert!(size_of::<HttpResponse>() == 96);
};
