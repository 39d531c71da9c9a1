//! An HTTP provider in Rust: posts each message as JSON and reads the provider's id from the answer.
#![deny(unsafe_op_in_unsafe_fn)]

mod abi;
mod glue;
mod json;

use std::ffi::c_void;
use std::mem::size_of;
use std::os::raw::c_char;
use std::ptr::{null, null_mut};

use abi::*;
use glue::{fenced, heliograph_plugin, lossy, Failure, Plugin, Settings, Shared};

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
struct Provider {
    host: *const Host,
    http: *const HttpClient,
    url: Str,
    id_field: String,
    timeout_ns: u64,
    max_in_flight: u32,
}

impl Plugin for Provider {
    fn create(host: *const Host, settings: &Settings) -> Result<Self, Failure> {
        let name = EXT_HTTP_CLIENT.as_ptr() as *const c_char;
        let http = unsafe { ((*host).get_extension)(host, name) };
        if http.is_null() {
            let text = "this gateway does not offer hg.http-client/1";
            return Err(Failure(E_UNSUPPORTED, text.to_owned()));
        }
        let timeout_ns = settings.integer("timeout")?;
        if timeout_ns <= 0 {
            return Err(Failure(E_CONFIG, "timeout: must be above 0".to_owned()));
        }
        Ok(Provider {
            host,
            http: http as *const HttpClient,
            url: settings.text("url")?,
            id_field: lossy(settings.text("id_field")?),
            timeout_ns: timeout_ns as u64,
            max_in_flight: settings.integer("max_in_flight")? as u32,
        })
    }
}

impl Provider {
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
        let this = self as *const Provider as *mut c_void;
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

unsafe extern "C" fn caps(this: *mut c_void, out: *mut ProviderCaps) -> i32 {
    fenced(E_PANIC, || {
        let (this, out) = unsafe { (&*(this as *const Provider), &mut *out) };
        out.channels = CH_SMS;
        out.max_batch = 16;
        out.max_inflight = this.max_in_flight;
        out.flags = CAP_DEDUPES;
        OK
    })
}

/// An error is about the item that follows the accepted ones.
unsafe extern "C" fn send(
    this: *mut c_void,
    items: *const SendItem,
    n: usize,
    accepted: *mut usize,
) -> i32 {
    let (this, items) =
        unsafe { (&*(this as *const Provider), std::slice::from_raw_parts(items, n)) };
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
    let this = unsafe { &*(this as *const Provider) };
    let done = fenced(false, || {
        unsafe { this.answered(op, &*response) };
        true
    });
    if !done {
        let message = Str::of("the plugin panicked in an HTTP answer's callback");
        unsafe { ((*this.host).log)(this.host, LOG_ERROR, message, null(), 0) };
    }
}

static TABLE: Shared<ProviderTable> = Shared(ProviderTable {
    size: size_of::<ProviderTable>() as u32,
    reserved: 0,
    caps,
    send,
    cancel: null(),
});

heliograph_plugin!(Provider, KIND_PROVIDER, TABLE, "Posts messages as JSON over HTTP.", SCHEMA);

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(progress: u32, code: u32) -> u32 {
        let mut response: HttpResponse = unsafe { std::mem::zeroed() };
        response.progress = progress;
        response.code = code;
        outcome_of(&response)
    }

    #[test]
    fn outcomes_tell_what_the_peer_may_have_done() {
        assert_eq!(outcome(HTTP_WRITTEN - 1, 0), RETRY);
        assert_eq!(outcome(HTTP_WRITTEN, 0), UNKNOWN);
        assert_eq!(outcome(HTTP_HEAD, 202), SENT);
        assert_eq!(outcome(HTTP_HEAD, 400), REJECTED);
        assert_eq!(outcome(HTTP_HEAD, 401), REFUSED);
        assert_eq!(outcome(HTTP_HEAD, 429), THROTTLED);
        assert_eq!(outcome(HTTP_HEAD, 500), RETRY);
    }
}
