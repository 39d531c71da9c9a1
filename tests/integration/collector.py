"""A collector of traces on loopback: a Receiver whose deliveries are read with OpenTelemetry's own definitions.

They are compiled by protoc from third_party/opentelemetry-proto; a field that they do not know is an error.
"""
import base64
import binascii
import json
import os
import subprocess
import sys
import tempfile

from receiver import Receiver

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "third_party", "opentelemetry-proto")
FILES = ["common/v1/common", "resource/v1/resource", "trace/v1/trace", "collector/trace/v1/trace_service"]
# "JSON Protobuf Encoding" of the OTLP specification: these are hexadecimal there, and base64 in protobuf's own JSON.
IDS = ("traceId", "spanId", "parentSpanId")


def compiled():
    """The module of trace_service.proto."""
    folder = tempfile.mkdtemp(prefix="heliograph-otlp-")
    subprocess.run(["protoc", f"--proto_path={PROTO}", f"--python_out={folder}",
                    *(f"opentelemetry/proto/{name}.proto" for name in FILES)], check=True)
    sys.path.insert(0, folder)
    # Debian's python3-protobuf, also where another Python comes first in PATH.
    sys.path.append("/usr/lib/python3/dist-packages")
    os.environ.setdefault("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2  # pylint: disable=import-outside-toplevel
    return trace_service_pb2


def with_base64_ids(value):
    if isinstance(value, dict):
        return {key: base64.b64encode(binascii.unhexlify(each)).decode() if key in IDS else with_base64_ids(each)
                for key, each in value.items()}
    return [with_base64_ids(each) for each in value] if isinstance(value, list) else value


class Span:
    def __init__(self, found, resource):
        self.name, self.kind = found.name, found.kind
        self.trace, self.id, self.parent = found.trace_id.hex(), found.span_id.hex(), found.parent_span_id.hex()
        self.start, self.end = found.start_time_unix_nano, found.end_time_unix_nano
        self.failed = found.status.code == 2
        self.attributes = {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in found.attributes}
        self.resource = {each.key: each.value.string_value for each in resource.attributes}

    def __repr__(self):
        return f"{self.name} {self.trace[:8]}/{self.id} under {self.parent or '-'} {self.attributes}"


class Collector(Receiver):
    service = None

    def __init__(self):
        super().__init__()
        if Collector.service is None:
            Collector.service = compiled()
        from google.protobuf import json_format  # pylint: disable=import-outside-toplevel
        self.parse = json_format.Parse

    @property
    def endpoint(self):
        return self.url("/v1/traces")

    def spans(self):
        spans = []
        for delivery in self.got("/v1/traces"):
            assert delivery.headers["content-type"] == "application/json"
            text = json.dumps(with_base64_ids(json.loads(delivery.body)))
            request = self.parse(text, Collector.service.ExportTraceServiceRequest())
            for resource_spans in request.resource_spans:
                for scope_spans in resource_spans.scope_spans:
                    spans += [Span(span, resource_spans.resource) for span in scope_spans.spans]
        return spans
