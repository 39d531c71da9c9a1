//! An HTTP provider in Rust, with nothing but its standard library: posts each message as JSON and
//! reads the provider's id from the answer.
//!
//! A panic never crosses the border: each function the host calls catches it and says so.
#![deny(unsafe_op_in_unsafe_fn)]

mod abi;
mod json;

use std::ffi::c_void;
use std::mem::size_of;
use std::os::raw::c_char;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::{null, null_mut};

use abi::*;

const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["url"],
  "properties": {
    "url": {
      "type": "string", "pattern": "^https?://",
      "description": "Where messages are posted.",
      "examples": ["http://127.0.0.1:8071/api/sms/provider1"]
    },
    "timeout": {
      "type": "string", "default": "5s", "x-unit": "duration",
      "description": "How long one exchange may take, within the message's own deadline."
    },
    "id_field": {
      "type": "string", "default": "message_id", "minLength": 1,
      "description": "Member of the answer that holds the provider's message id."
    },
    "max_in_flight": {
      "type": "integer", "default": 64, "minimum": 1, "maximum": 100000,
      "description": "Sends that may wait for an answer at once."
    }
  }
}"#;

/// One instance. Strings from the configuration live as long as it does.
struct Example {
    host: *const Host,
    http: *const HttpClient,
    url: Str,
    id_field: String,
    timeout_ns: u64,
    max_in_flight: u32,
}

struct Failure(i32, String);

// ---- life cycle

impl Example {
    unsafe fn create(host: *const Host, cfg: *const c_void) -> Result<Example, Failure> {
        let services = unsafe { &*host };
        let http = unsafe { (services.get_extension)(host, EXT_HTTP_CLIENT.as_ptr() as *const c_char) };
        if http.is_null() {
            let text = "this gateway does not offer hg.http-client/1";
            return Err(Failure(E_UNSUPPORTED, text.to_owned()));
        }
        let timeout_ns = unsafe { integer(services, cfg, "timeout\0") }?;
        if timeout_ns <= 0 {
            return Err(Failure(E_CONFIG, "timeout: must be above 0".to_owned()));
        }
        Ok(Example {
            host,
            http: http as *const HttpClient,
            url: unsafe { text(services, cfg, "url\0") }?,
            id_field: lossy(unsafe { text(services, cfg, "id_field\0") }?),
            timeout_ns: timeout_ns as u64,
            max_in_flight: unsafe { integer(services, cfg, "max_in_flight\0") }? as u32,
        })
    }

    // ---- sending

    /// Nothing of the message was sent when this is not OK.
    unsafe fn post(&self, item: &SendItem) -> i32 {
        let message = unsafe { &*item.msg };
        let body = json::object(&[
            ("phone", &lossy(message.to)),
            ("text", &lossy(message.body)),
            ("message_id", &lossy(message.id)),
        ]);
        let headers = [
            Kv { key: Str::of("content-type"), value: Str::of("application/json") },
            Kv { key: Str::of("idempotency-key"), value: message.idempotency_key },
        ];
        let own_deadline = unsafe { ((*self.host).now_mono_ns)(self.host) } + self.timeout_ns;
        let deadline = match item.deadline_mono_ns {
            0 => own_deadline,
            given => given.min(own_deadline),
        };
        let request = HttpRequest {
            size: size_of::<HttpRequest>() as u32,
            flags: HTTP_F_SAFE_TO_RESEND,
            method: Str::of("POST"),
            url: self.url,
            headers: headers.as_ptr(),
            n_headers: headers.len(),
            body: Str::of(&body),
            deadline_mono_ns: deadline,
            body_max: 0,
        };
        let this = self as *const Example as *mut c_void;
        unsafe { ((*self.http).request)(self.host, &request, on_answer, this, item.op, null_mut()) }
    }

    unsafe fn answered(&self, op: u64, response: &HttpResponse) {
        let outcome = outcome_of(response);
        let body = lossy(response.body);
        let id = if outcome == SENT { json::member(&body, &self.id_field) } else { None };
        let wait = matches!(outcome, THROTTLED | RETRY);
        let result = SendResult {
            size: size_of::<SendResult>() as u32,
            outcome,
            op,
            retry_after_ns: if wait { unsafe { retry_after_ns(response) } } else { 0 },
            segments: 0,
            status_code: response.code as i32,
            provider_msg_id: id.map_or(Str::EMPTY, Str::of),
            provider_code: Str::EMPTY,
            detail: response.detail,
            part_ids: null(),
            n_part_ids: 0,
        };
        unsafe { ((*self.host).complete_send)(self.host, &result, 1) };
    }
}

fn outcome_of(response: &HttpResponse) -> u32 {
    match (response.progress, response.code) {
        (progress, _) if progress < HTTP_WRITTEN => RETRY,
        (progress, _) if progress < HTTP_HEAD => UNKNOWN,
        (_, 200..=299) => SENT,
        (_, 429 | 503) => THROTTLED,
        (_, 401) => REFUSED,
        (_, 403 | 408) => RETRY,
        (_, 400..=499) => REJECTED,
        _ => RETRY,
    }
}

/// Retry-After in seconds, at most a day; a date is left to the host's own backoff.
unsafe fn retry_after_ns(response: &HttpResponse) -> u64 {
    for i in 0..response.n_headers {
        let header = unsafe { *response.headers.add(i) };
        if unsafe { header.key.bytes() } == b"retry-after" {
            let seconds: u64 = lossy(header.value).parse().unwrap_or(0);
            return seconds.min(86_400) * 1_000_000_000;
        }
    }
    0
}

// ---- between the two worlds

fn lossy(view: Str) -> String {
    String::from_utf8_lossy(unsafe { view.bytes() }).into_owned()
}

/// `path` ends with a NUL, here and below.
unsafe fn text(host: &Host, cfg: *const c_void, path: &str) -> Result<Str, Failure> {
    let mut value = Str::EMPTY;
    match unsafe { (host.cfg_str)(cfg, path.as_ptr() as *const c_char, &mut value) } {
        OK => Ok(value),
        _ => Err(Failure(E_CONFIG, format!("{}: is missing", path.trim_end_matches('\0')))),
    }
}

unsafe fn integer(host: &Host, cfg: *const c_void, path: &str) -> Result<i64, Failure> {
    let mut value = 0;
    match unsafe { (host.cfg_i64)(cfg, path.as_ptr() as *const c_char, &mut value) } {
        OK => Ok(value),
        _ => Err(Failure(E_CONFIG, format!("{}: is missing", path.trim_end_matches('\0')))),
    }
}

unsafe fn tell(err: *mut Error, failure: Failure) -> i32 {
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

/// Runs `work`; a panic becomes `otherwise`.
fn fenced<T>(otherwise: T, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(otherwise)
}

unsafe extern "C" fn create(
    host: *const Host,
    _component: *const Component,
    cfg: *const c_void,
    out: *mut *mut c_void,
    err: *mut Error,
) -> i32 {
    fenced(E_PANIC, || match unsafe { Example::create(host, cfg) } {
        Ok(example) => {
            unsafe { *out = Box::into_raw(Box::new(example)) as *mut c_void };
            OK
        }
        Err(failure) => unsafe { tell(err, failure) },
    })
}

unsafe extern "C" fn destroy(this: *mut c_void) {
    fenced((), || drop(unsafe { Box::from_raw(this as *mut Example) }))
}

unsafe extern "C" fn caps(this: *mut c_void, out: *mut ProviderCaps) -> i32 {
    let (this, out) = unsafe { (&*(this as *const Example), &mut *out) };
    out.channels = CH_SMS;
    out.max_batch = 16;
    out.max_inflight = this.max_in_flight;
    out.flags = CAP_DEDUPES;
    OK
}

/// An error is about the item that follows the accepted ones.
unsafe extern "C" fn send(
    this: *mut c_void,
    items: *const SendItem,
    n: usize,
    accepted: *mut usize,
) -> i32 {
    let (this, items) =
        unsafe { (&*(this as *const Example), std::slice::from_raw_parts(items, n)) };
    fenced(E_PANIC, || {
        for item in items {
            let status = unsafe { this.post(item) };
            if status != OK {
                return status;
            }
            unsafe { *accepted += 1 };
        }
        OK
    })
}

unsafe extern "C" fn on_answer(this: *mut c_void, op: u64, response: *const HttpResponse) {
    let this = unsafe { &*(this as *const Example) };
    let done = fenced(false, || {
        unsafe { this.answered(op, &*response) };
        true
    });
    if !done {
        let message = Str::of("the plugin panicked in an HTTP answer's callback");
        unsafe { ((*this.host).log)(this.host, LOG_ERROR, message, null(), 0) };
    }
}

// ---- descriptors: static, so the entry has nothing to do but hand them out

/// The ABI's descriptors hold raw pointers to other statics, never written: fit for every thread.
#[repr(transparent)]
struct Shared<T>(T);
unsafe impl<T> Sync for Shared<T> {}

static LIFE: Shared<Lifecycle> = Shared(Lifecycle {
    size: size_of::<Lifecycle>() as u32,
    reserved: 0,
    create,
    start: null(),
    reconfigure: null(),
    drain: null(),
    stop: null(),
    destroy,
    get_extension: null(),
});

static PROVIDER: Shared<Provider> = Shared(Provider {
    size: size_of::<Provider>() as u32,
    reserved: 0,
    caps,
    send,
    cancel: null(),
});

static COMPONENT: Shared<Component> = Shared(Component {
    size: size_of::<Component>() as u32,
    kind: KIND_PROVIDER,
    flags: 0,
    reserved: 0,
    id: Str::of("example_rust"),
    version: Str::of("1.0.0"),
    summary: Str::of("Posts messages as JSON over HTTP (Rust example)."),
    config_schema: Str::of(SCHEMA),
    life: &LIFE.0,
    vtbl: &PROVIDER.0 as *const Provider as *const c_void,
});

static COMPONENTS: Shared<[*const Component; 1]> = Shared([&COMPONENT.0]);

static MODULE: Shared<Module> = Shared(Module {
    size: size_of::<Module>() as u32,
    abi_major: 1,
    abi_minor_built: 0,
    abi_minor_required: 0,
    name: Str::of("example_rust"),
    version: Str::of("1.0.0"),
    vendor: Str::of("Heliograph"),
    license: Str::of("MIT"),
    sdk: Str::of("rust, by hand, 1.0"),
    components: COMPONENTS.0.as_ptr(),
    n_components: 1,
    init: null(),
    fini: null(),
});

/// # Safety
/// Called by the gateway as `abi/module.h` says.
#[no_mangle]
pub unsafe extern "C" fn hg_plugin_entry_v1(
    host: *const HostInfo,
    err: *mut Error,
) -> *const Module {
    if unsafe { (*host).abi_major } == 1 {
        return &MODULE.0;
    }
    let text = "this plugin needs plugin ABI 1.0".to_owned();
    unsafe { tell(err, Failure(E_ABI, text)) };
    null()
}
