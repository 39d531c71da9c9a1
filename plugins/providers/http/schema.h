// The http provider's configuration as JSON Schema: checked, filled in and documented by the
// gateway.
#pragma once

#include <string_view>

namespace heliograph::plugins::http {

// Of [provider.config].
constexpr std::string_view kSchema =
    R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["url"],
  "properties": {
    "url": {
      "type": "string",
      "minLength": 1,
      "description": "Where messages go, http or https. Placeholders may stand behind the host.",
      "examples": ["https://api.example.com/v1/messages"]
    },
    "method": {
      "type": "string",
      "enum": ["POST", "PUT", "PATCH", "GET"],
      "default": "POST",
      "description": "GET has no body: put placeholders into url."
    },
    "format": {
      "type": "string",
      "enum": ["json", "form"],
      "default": "json",
      "description": "How body is sent: as JSON, or as application/x-www-form-urlencoded."
    },
    "body": {
      "type": "object",
      "description": "Its texts may hold placeholders. Without: the gateway's own shape.",
      "examples": [{"to": "{to}", "sender": "{from}", "message": {"text": "{text}"}}]
    },
    "bodies": {
      "type": "object",
      "additionalProperties": false,
      "default": {},
      "description": "A body for one channel, in place of body.",
      "properties": {
        "sms": {
          "type": "object",
          "description": "For messages of the channel sms."
        },
        "mms": {
          "type": "object",
          "description": "For messages of the channel mms.",
          "examples": [{"to": "{to}", "text": "{text}", "media": "{media}"}]
        },
        "email": {
          "type": "object",
          "description": "For messages of the channel email.",
          "examples": [{"to": "{to}", "subject": "{subject}", "text": "{text}", "html": "{html}"}]
        }
      }
    },
    "headers": {
      "type": "object",
      "additionalProperties": {"type": "string"},
      "default": {},
      "description": "Further headers; their values may hold placeholders.",
      "examples": [{"X-Api-Key": "{auth.key}"}]
    },
    "idempotency_header": {
      "type": "string",
      "default": "Idempotency-Key",
      "description": "Header with the message's idempotency key, equal in re-sends. Empty: none."
    },
    "dedupes": {
      "type": "boolean",
      "default": false,
      "description": "The provider drops a repeated idempotency key: repeating is safe."
    },
    "auth": {
      "type": "object",
      "additionalProperties": false,
      "default": {},
      "description": "bearer, or username and password (HTTP Basic), or key and secret.",
      "properties": {
        "bearer": {
          "type": "string",
          "x-secret": true,
          "description": "Sent as Authorization: Bearer."
        },
        "username": {
          "type": "string",
          "description": "Of HTTP Basic."
        },
        "password": {
          "type": "string",
          "x-secret": true,
          "description": "Of HTTP Basic."
        },
        "key": {
          "type": "string",
          "x-secret": true,
          "description": "For {auth.key} in url, headers and body."
        },
        "secret": {
          "type": "string",
          "x-secret": true,
          "description": "For {auth.secret} in url, headers and body."
        }
      }
    },
    "id_pointers": {
      "type": "array",
      "items": {"type": "string"},
      "default": ["/message_id", "/id", "/sid"],
      "description": "JSON pointers to the provider's message id in its answer; the first counts."
    },
    "part_ids": {
      "type": "object",
      "additionalProperties": false,
      "default": {},
      "description": "Where the answer names each part of a message and receipts come for these.",
      "examples": [{"list": "/messages", "id": "/message-id"}],
      "properties": {
        "list": {
          "type": "string",
          "default": "",
          "description": "JSON pointer to the array of parts in the answer. Empty: there is none."
        },
        "id": {
          "type": "string",
          "default": "",
          "description": "JSON pointer, in a part, to its id. Empty: the part itself is the id."
        }
      }
    },
    "id_header": {
      "type": "string",
      "default": "",
      "description": "Header of the answer that carries that id, where the body does not."
    },
    "classify": {
      "type": "object",
      "default": {},
      "additionalProperties": {
        "type": "string",
        "enum": ["sent", "rejected", "retry", "unknown", "throttled", "refused"]
      },
      "description": "Outcome of a status code (500) or class (5xx), in place of the default.",
      "examples": [{"500": "unknown", "404": "refused"}]
    },
    "error_pointer": {
      "type": "string",
      "default": "",
      "description": "JSON pointer to the provider's own code in its answer.",
      "examples": ["/code", "/messages/0/status"]
    },
    "codes": {
      "type": "object",
      "default": {},
      "additionalProperties": {
        "type": "string",
        "enum": ["sent", "rejected", "retry", "unknown", "throttled", "refused"]
      },
      "description": "Outcome of each such code, * for any other; comes before the status code.",
      "examples": [{"21610": "rejected", "20003": "refused"}]
    },
    "code_required": {
      "type": "boolean",
      "default": false,
      "description": "A 2xx answer without a code at error_pointer is unknown, not sent."
    },
    "receipts": {
      "type": "object",
      "additionalProperties": false,
      "default": {},
      "description": "Delivery reports posted to /v1/providers/<id>/events, JSON or form.",
      "properties": {
        "enabled": {
          "type": "boolean",
          "default": true,
          "description": "false: sent is final."
        },
        "secret": {
          "type": "string",
          "minLength": 1,
          "x-secret": true,
          "description": "Key of the HMAC-SHA256 of the raw body. Without: this machine only."
        },
        "signature_header": {
          "type": "string",
          "minLength": 1,
          "default": "X-Signature",
          "description": "Header with that HMAC in hexadecimal, with or without sha256= before it."
        },
        "list": {
          "type": "string",
          "default": "",
          "description": "JSON pointer to the array of receipts. Empty: the body itself."
        },
        "provider_message_id": {
          "type": "string",
          "default": "/provider_message_id",
          "description": "JSON pointer, in a receipt, to the provider's id. Empty: it has none."
        },
        "message_id": {
          "type": "string",
          "default": "/message_id",
          "description": "Likewise to our own id, where the provider echoes it."
        },
        "status": {
          "type": "string",
          "default": "/status",
          "description": "Likewise to the status."
        },
        "code": {
          "type": "string",
          "default": "/code",
          "description": "Likewise to the provider's own code."
        },
        "reason": {
          "type": "string",
          "default": "/reason",
          "description": "Likewise to a sentence for people."
        },
        "timestamp": {
          "type": "string",
          "default": "/timestamp",
          "description": "Likewise to the moment: RFC 3339, or seconds or milliseconds since 1970."
        },
        "statuses": {
          "type": "object",
          "default": {},
          "additionalProperties": {
            "type": "string",
            "enum": ["accepted", "delivered", "undelivered", "expired", "rejected", "unknown"]
          },
          "description": "What the provider's statuses mean, beside the gateway's own names."
        }
      }
    },
    "inbound": {
      "type": "object",
      "additionalProperties": false,
      "default": {},
      "description": "Messages posted there, under the same signature. receipts.list holds too.",
      "properties": {
        "enabled": {
          "type": "boolean",
          "default": true,
          "description": "false: what looks like a message is read as a receipt."
        },
        "kind": {
          "type": "string",
          "default": "/type",
          "description": "JSON pointer to the member that tells a message from a receipt."
        },
        "kind_value": {
          "type": "string",
          "default": "inbound",
          "description": "What that member is in a message."
        },
        "id": {
          "type": "string",
          "default": "/id",
          "description": "JSON pointer, in a message, to the provider's id. Replays have it again."
        },
        "from": {
          "type": "string",
          "default": "/from",
          "description": "Likewise to the address it comes from."
        },
        "to": {
          "type": "string",
          "default": "/to",
          "description": "Likewise to the address it was sent to: ours."
        },
        "text": {
          "type": "string",
          "default": "/text",
          "description": "Likewise to its text."
        },
        "subject": {
          "type": "string",
          "default": "/subject",
          "description": "Likewise to the subject of an e-mail."
        },
        "html": {
          "type": "string",
          "default": "/html",
          "description": "Likewise to the HTML of an e-mail."
        },
        "media": {
          "type": "string",
          "default": "/media",
          "description": "Likewise to media URLs: an array, one, or a field each: /MediaUrl{n}."
        },
        "channel": {
          "type": "string",
          "default": "/channel",
          "description": "Likewise to sms, mms or email. Without: as the message looks."
        },
        "timestamp": {
          "type": "string",
          "default": "/timestamp",
          "description": "Likewise to the moment, as in receipts."
        }
      }
    }
  }
})json";

}  // namespace heliograph::plugins::http
