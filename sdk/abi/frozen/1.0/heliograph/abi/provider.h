/* Providers: components that carry messages to the outside and bring receipts back.
 *
 * The outcome of a send decides what happens to the message, so it must be true above all about one
 * thing: could the peer have acted on it? What certainly was not sent may go elsewhere at once;
 * what may have been sent must not silently become a duplicate. In doubt: HG_UNKNOWN. */
#ifndef HG_ABI_PROVIDER_H
#define HG_ABI_PROVIDER_H

#include <heliograph/abi/base.h>
#include <heliograph/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Channels, as bits. */
#define HG_CH_SMS (1u << 0)
#define HG_CH_EMAIL (1u << 1)
#define HG_CH_MMS (1u << 2)
#define HG_CH_VOICE (1u << 3) /* reserved */

/* Kinds of part. A number a provider does not know is one it cannot carry: HG_REJECTED.
 *
 * ALTERNATIVE  the body in another form of the same meaning: the HTML of an e-mail
 * MEDIA        an MMS object, by its URL
 * ATTACHMENT   a file of an e-mail, by its bytes */
#define HG_PART_ALTERNATIVE 1u
#define HG_PART_MEDIA 2u
#define HG_PART_ATTACHMENT 3u

/* What a message carries besides its body; walk with HG_AT. */
typedef struct hg_part {
  uint32_t size;
  uint32_t kind;       /* HG_PART_* */
  hg_str content_type; /* "image/png"; MEDIA: may be empty */
  hg_str name;         /* file name, without a path; may be empty */
  hg_str url;          /* MEDIA only: absolute, http or https */
  hg_str body;         /* bytes; empty for MEDIA */
} hg_part;

/* A message to send, or one that came in. Views live until complete_send(op) for the former, even
 * past the deadline; for the call for the latter. */
typedef struct hg_message {
  uint32_t size;
  uint32_t channel;       /* one HG_CH_* bit */
  hg_str id;              /* the gateway's, unique for ever */
  hg_str idempotency_key; /* of the message, not of the attempt: equal in every re-send */
  hg_str from;
  hg_str to; /* E.164 with "+", or an e-mail address */
  hg_str subject;
  hg_str content_type;  /* empty: text/plain; charset=utf-8 */
  hg_str body;          /* bytes */
  const hg_kv* headers; /* the client's metadata, names prefixed "x-" */
  size_t n_headers;
  const hg_part* parts;
  size_t n_parts;
} hg_message;

/* One message of a send(). Frozen; what grows is hg_message. */
typedef struct hg_send_item {
  hg_op op;
  const hg_message* msg;
  uint64_t deadline_mono_ns; /* after it the host stops waiting and takes the send for HG_UNKNOWN */
  uint32_t attempt;          /* 1 for the first */
  uint32_t flags;            /* HG_SEND_F_* */
} hg_send_item;

/* An earlier attempt here ended HG_UNKNOWN: the same idempotency_key again. */
#define HG_SEND_F_RESEND (1u << 0)

/* Outcomes. A number the host does not know is HG_UNKNOWN.
 *
 * SENT       the peer took responsibility
 * REJECTED   for good, and by the message's own fault: no retry, health unaffected
 * RETRY      certainly NOT sent; safe to try again or elsewhere
 * UNKNOWN    may have been sent; trying elsewhere can duplicate, so the operator's policy decides
 * THROTTLED  certainly NOT sent; the peer asks to slow down
 * REFUSED    certainly NOT sent; the peer refuses US (credentials, account, contract): the message
 *            goes elsewhere, the provider is unhealthy until that is fixed
 * NOT_TRIED  never from a provider. Told to distributors only: picked, but the limiter, the window
 *            or the message's expiry came first; says nothing about the candidate */
#define HG_SENT 0u
#define HG_REJECTED 1u
#define HG_RETRY 2u
#define HG_UNKNOWN 3u
#define HG_THROTTLED 4u
#define HG_REFUSED 5u
#define HG_NOT_TRIED 6u

/* What became of one send. */
struct hg_send_result {
  uint32_t size;
  uint32_t outcome; /* HG_SENT .. HG_REFUSED */
  hg_op op;
  uint64_t
      retry_after_ns;     /* with THROTTLED or RETRY, as the peer said; 0: the host's own backoff */
  uint32_t segments;      /* as the peer counted them; 0: unknown */
  int32_t status_code;    /* HTTP or SMPP status, for people and metrics; 0: none */
  hg_str provider_msg_id; /* the peer's id, which receipts will name; empty: none */
  hg_str provider_code;   /* the peer's own code: "21610", "E-OPTOUT" */
  hg_str detail;          /* one sentence for people; no personal data */
  /* Where the peer gives an id to each part of a message, and its receipts name these: all of them,
   * in the order of the parts. The message is delivered when every part is, and undelivered when
   * one is. provider_msg_id is not looked at then. Views of the call, as everything here; more than
   * HG_PART_IDS_MAX, an empty one, or one twice: the list counts as absent. */
  const hg_str* part_ids;
  size_t n_part_ids; /* 0, as 1 of them is a provider_msg_id: the peer gives one id */
};

/* The parts that one concatenated SMS can have (3GPP TS 23.040, 9.2.3.24.1: an octet). */
#define HG_PART_IDS_MAX 255u

/* Kinds of event. */
#define HG_EV_RECEIPT 1u
#define HG_EV_INBOUND 2u

/* States of a receipt. A number the host does not know is HG_RCPT_UNKNOWN. */
#define HG_RCPT_UNKNOWN 0u
#define HG_RCPT_ACCEPTED 1u /* intermediate: taken by the next hop */
#define HG_RCPT_DELIVERED 2u
#define HG_RCPT_UNDELIVERED 3u
#define HG_RCPT_EXPIRED 4u
#define HG_RCPT_REJECTED 5u

/* Something the peer tells of its own accord. */
struct hg_event {
  uint32_t size;
  uint32_t kind; /* HG_EV_* */
  hg_str provider_msg_id;
  hg_str dedup_key;       /* equal for a replay of the same event; may be empty */
  hg_str message_id;      /* our id or idempotency key as the peer echoes it; may be empty */
  uint32_t receipt_state; /* HG_RCPT_*, HG_EV_RECEIPT only */
  int32_t status_code;
  hg_str provider_code;
  hg_str detail;
  int64_t at_unix_ns;        /* the peer's time; 0: now */
  const hg_message* message; /* HG_EV_INBOUND only, else NULL */
  hg_str raw;                /* as received, for the audit trail; may be empty */
};

#define HG_CAP_DEDUPES (1ull << 0)  /* drops a second send with the same idempotency_key */
#define HG_CAP_RECEIPTS (1ull << 1) /* delivery receipts will come: HG_SENT is not final */
#define HG_CAP_INBOUND (1ull << 2)  /* messages may come in */

/* What a provider can do. */
typedef struct hg_provider_caps {
  uint32_t size;
  uint32_t channels;     /* HG_CH_* */
  uint32_t max_batch;    /* items of one send(); 0: 1 */
  uint32_t max_inflight; /* the first set_window(); 0: unbounded */
  uint64_t flags;        /* HG_CAP_* */
} hg_provider_caps;

typedef struct hg_provider {
  uint32_t size;
  uint32_t reserved;

  /* [ctl] After start. */
  hg_status (*caps)(hg_instance* self, hg_provider_caps* out);

  /* [loop] Takes items[0 .. *accepted), in order; items[] itself lives for the call only. Each
   * accepted op gets exactly one complete_send; the others none. *accepted is 0 on entry. HG_OK:
   * all were taken, whatever *accepted says. Below 0: *accepted of them were, and the error is
   * about the item that follows these, not about those behind it. HG_E_BUSY is nobody's fault: the
   * host tries again after the next completion or set_window, at the latest after 100 ms. Any other
   * error counts as HG_RETRY for that one item, and the rest is offered again; but HG_E_PANIC means
   * that what was being done is unknown, and so is the outcome of that item.
   *
   * A permit of the operator's limiter is good for the moment. What is sent over hg.http-client/1
   * from inside this call is watched by the host (ext/http_client.h); a provider with connections
   * of its own writes at once, or answers HG_E_BUSY. */
  hg_status (*send)(hg_instance* self, const hg_send_item* items, size_t n, size_t* accepted);

  /* [loop] Advice that nobody waits any more, why says the reason. NULL allowed. The op must still
   * be completed, with what truly happened. */
  void (*cancel)(hg_instance* self, hg_op op, hg_status why);
} hg_provider;

#ifdef __cplusplus
}
#endif
#endif
