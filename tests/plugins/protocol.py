"""serve(): a `Provider` behind the gRPC protocol with which Pulumi's engine talks to provider plugins."""

# ruff: noqa: N802 - the methods have the names that the protocol gives them
from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NoReturn

import grpc  # type: ignore[import-untyped]
from google.protobuf import any_pb2, empty_pb2  # type: ignore[import-untyped]
from google.rpc import status_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.plugins.protocol_types import Call, Checked, Difference, Failed, InitFailed, Provider
from tests.plugins.protocol_values import Secrets, decode, encode

LIMITS = [("grpc.max_receive_message_length", 1 << 29), ("grpc.max_send_message_length", 1 << 29)]
KINDS = {"add": (0, 1), "delete": (2, 3), "update": (4, 5)}  # (kept, replaced) of PropertyDiff.Kind


def serve(provider: Provider) -> None:
    """Serves until the engine ends, and not longer: whoever started us is looked for each second."""
    server = grpc.server(ThreadPoolExecutor(max_workers=64), options=LIMITS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(
        _Servicer(provider, sys.argv[1] if len(sys.argv) > 1 else ""), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    engine = os.getppid()
    while os.getppid() == engine:
        server.wait_for_termination(timeout=1)
    server.stop(0)


class _Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Turns messages into plain calls and back; decides nothing."""

    def __init__(self, provider: Provider, engine: str) -> None:
        self._provider, self._engine = provider, engine
        self._cancelled = threading.Event()
        self._log = _log_of(engine)

    # --- the plugin itself ---

    def Handshake(self, _request: Any, _context: Any) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_outputs=False)

    def GetPluginInfo(self, _request: Any, _context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._provider.version)

    def GetSchema(self, _request: Any, _context: Any) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema="{}")

    def Attach(self, request: Any, _context: Any) -> empty_pb2.Empty:
        self._log = _log_of(request.address)
        return empty_pb2.Empty()

    def Cancel(self, _request: Any, _context: Any) -> empty_pb2.Empty:
        self._cancelled.set()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        news, secrets = decode(request.news)
        with _reported(context):
            return _checked(self._provider.check_config(news), secrets)

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        with _reported(context):
            return _difference(self._provider.diff_config(decode(request.olds)[0], decode(request.news)[0]))

    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        with _reported(context):
            self._provider.configure(decode(request.args)[0])
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        arguments, secrets = decode(request.args)
        with _reported(context):
            found = self._provider.invoke(Call("", request.tok, ""), request.tok, arguments)
            return provider_pb2.InvokeResponse(**{"return": encode(found, secrets)})

    # --- resources ---

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        (olds, _), (news, secrets) = decode(request.olds), decode(request.news)
        with _reported(context):
            return _checked(self._provider.check(self._call(request), olds, news), secrets)

    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        olds, news, inputs = (decode(each)[0] for each in (request.olds, request.news, request.old_inputs))
        with _reported(context):
            return _difference(self._provider.diff(self._call(request), request.id, inputs, olds, news))

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        inputs, secrets = decode(request.properties)
        hidden = secrets | self._always(request)
        with _reported(context, hidden):
            made = self._provider.create(self._call(request), inputs)
            return provider_pb2.CreateResponse(id=made.id, properties=encode(made.outputs, hidden))

    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        (inputs, in_inputs), (olds, in_state) = decode(request.inputs), decode(request.properties)
        hidden = in_inputs | in_state | self._always(request)
        with _reported(context, hidden):
            found = self._provider.read(self._call(request), request.id, inputs, olds)
            if found is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=found.id, properties=encode(found.outputs, hidden), inputs=encode(found.inputs, hidden)
            )

    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        (olds, in_state), (news, in_news) = decode(request.olds), decode(request.news)
        inputs, in_inputs = decode(request.old_inputs)
        hidden = in_state | in_news | in_inputs | self._always(request)
        with _reported(context, hidden):
            outputs = self._provider.update(self._call(request), request.id, inputs, olds, news)
            return provider_pb2.UpdateResponse(properties=encode(outputs, hidden))

    def Delete(self, request: Any, context: Any) -> empty_pb2.Empty:
        olds, inputs = decode(request.properties)[0], decode(request.old_inputs)[0]
        with _reported(context):
            self._provider.delete(self._call(request), request.id, inputs, olds)
        return empty_pb2.Empty()

    def _always(self, request: Any) -> Secrets:
        return Secrets.at(self._provider.secret_outputs(_type_of(request.urn)))

    def _call(self, request: Any) -> Call:
        return Call(
            urn=request.urn,
            type=_type_of(request.urn),
            name=request.urn.rpartition("::")[2],
            preview=getattr(request, "preview", False),
            timeout=getattr(request, "timeout", 0.0),
            cancelled=self._cancelled,
            tell=lambda text, passing: self._log(request.urn, text, passing),
        )


def _type_of(urn: str) -> str:
    """The type of a URN: what stands last among its parents' types."""
    return urn.split("::")[2].rpartition("$")[2]


def _checked(checked: Checked, secrets: Secrets) -> provider_pb2.CheckResponse:
    failures = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in checked.failures]
    return provider_pb2.CheckResponse(inputs=encode(checked.inputs, secrets), failures=failures)


def _difference(found: Difference) -> provider_pb2.DiffResponse:
    kinds = provider_pb2.DiffResponse.DiffChanges
    detailed = {
        path: provider_pb2.PropertyDiff(kind=KINDS[kind][path in found.replaced], inputDiff=True)  # type: ignore[arg-type]
        for path, kind in found.changed.items()
    }
    return provider_pb2.DiffResponse(
        changes=kinds.Value("DIFF_SOME" if found.changed else "DIFF_NONE"),
        replaces=sorted(found.replaced),
        diffs=sorted({path.partition(".")[0].partition("[")[0] for path in found.changed}),
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=found.delete_first,
    )


@contextmanager
def _reported(context: Any, hidden: Secrets | None = None) -> Iterator[None]:
    """Ends a call that fails with the failure's own words; a fault of ours shows its traceback on stderr as well."""
    try:
        yield
    except InitFailed as failed:
        _abort_half_made(context, failed, hidden or Secrets())
    except Failed as failed:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(failed))
    except Exception as error:
        traceback.print_exc()
        context.abort(grpc.StatusCode.INTERNAL, f"fault of the stand-in: {type(error).__name__}: {error}")


def _abort_half_made(context: Any, failed: InitFailed, hidden: Secrets) -> NoReturn:
    """The resource is there but not ready: its state travels with the error."""
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=failed.id,
            properties=encode(failed.outputs, hidden),
            reasons=failed.reasons,
            inputs=encode(failed.inputs, hidden),
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(failed), details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(failed))
    raise AssertionError("abort returned")


def _log_of(engine: str) -> Callable[[str, str, bool], None]:
    """How lines reach the engine's display; nowhere when it gave no address."""
    if not engine:
        return lambda _urn, _text, _passing: None
    stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine, options=LIMITS))

    def log(urn: str, text: str, passing: bool) -> None:
        severity = engine_pb2.LogSeverity.Value("INFO")
        request: Mapping[str, Any] = {"urn": urn, "message": text, "severity": severity, "ephemeral": passing}
        try:
            stub.Log(engine_pb2.LogRequest(**request), timeout=5)
        except grpc.RpcError as error:  # the line is lost, the work is not
            print(f"cannot tell the engine: {error.code().name}: {text}", file=sys.stderr)

    return log
