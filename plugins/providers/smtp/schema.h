// The smtp provider's configuration as JSON Schema: checked, filled in and documented by the
// gateway.
#pragma once

#include <string_view>

namespace heliograph::plugins::smtp {

// Of [provider.config].
constexpr std::string_view kSchema =
    R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["host"],
  "properties": {
    "host": {
      "type": "string",
      "minLength": 1,
      "maxLength": 253,
      "description": "Name or address of the mail server, as its certificate has it.",
      "examples": ["smtp.example.com"]
    },
    "port": {
      "type": "integer",
      "minimum": 1,
      "maximum": 65535,
      "description": "Default: 465 with tls implicit, 587 with starttls, else 25."
    },
    "tls": {
      "type": "string",
      "enum": ["starttls", "implicit", "opportunistic", "none"],
      "default": "starttls",
      "description": "starttls: required; opportunistic: STARTTLS where the server offers it."
    },
    "verify": {
      "type": "boolean",
      "default": true,
      "description": "Check the server's certificate and name. false: anybody may be in between."
    },
    "ca_file": {
      "type": "string",
      "default": "",
      "description": "PEM file of the certificates to trust. Empty: those of the system."
    },
    "username": {
      "type": "string",
      "default": "",
      "description": "Account to log in with (AUTH). Empty: none."
    },
    "password": {
      "type": "string",
      "x-secret": true,
      "description": "Of that account."
    },
    "auth": {
      "type": "string",
      "enum": ["auto", "plain", "login", "cram-md5"],
      "default": "auto",
      "description": "How to log in. auto: the strongest way the server offers."
    },
    "plaintext_auth": {
      "type": "boolean",
      "default": false,
      "description": "Allows username with tls opportunistic or none: the password may be read on its way."
    },
    "ehlo_name": {
      "type": "string",
      "default": "",
      "pattern": "^[A-Za-z0-9.:_\\[\\]-]*$",
      "description": "Name we greet with (EHLO). Empty: this machine's."
    },
    "from_name": {
      "type": "string",
      "default": "",
      "description": "Name shown beside the sender's address in From.",
      "examples": ["Example Shop"]
    },
    "envelope_from": {
      "type": "string",
      "default": "",
      "description": "Address that bounces go to (MAIL FROM). Empty: the message's sender.",
      "examples": ["bounces@example.com"]
    },
    "message_id_domain": {
      "type": "string",
      "default": "",
      "pattern": "^[A-Za-z0-9.-]*$",
      "description": "Right side of Message-ID. Empty: the sender's domain."
    },
    "metadata_headers": {
      "type": "array",
      "items": {"type": "string"},
      "default": [],
      "description": "Metadata of messages that become header fields, which recipients can read.",
      "examples": [["x-campaign"]]
    },
    "max_connections": {
      "type": "integer",
      "minimum": 1,
      "maximum": 1000,
      "default": 4,
      "description": "Connections at once, and so mails in flight."
    },
    "mails_per_connection": {
      "type": "integer",
      "minimum": 1,
      "maximum": 1000000,
      "default": 100,
      "description": "A connection is closed after so many."
    },
    "connect_timeout": {
      "type": "string",
      "x-unit": "duration",
      "default": "15s",
      "description": "From the name's look-up to the end of the log-in."
    },
    "reply_timeout": {
      "type": "string",
      "x-unit": "duration",
      "default": "2m",
      "description": "Longest silence of the server during a mail; the send's own deadline holds too."
    },
    "idle_timeout": {
      "type": "string",
      "x-unit": "duration",
      "default": "20s",
      "description": "A connection without work is kept so long for the next mail."
    }
  }
})json";

}  // namespace heliograph::plugins::smtp
