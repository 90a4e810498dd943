"""Real-time endpoints: created, updated blue/green, deleted, invoked."""

from collections.abc import Iterable
from datetime import timedelta
from threading import RLock

from infra.local.sagemaker import serving
from infra.local.sagemaker.core import (
    Caller,
    Request,
    Response,
    ServiceError,
    Surroundings,
    invalid,
    moment,
)
from infra.local.sagemaker.endpoint import Endpoint, Pending
from infra.local.sagemaker.endpoint_configs import EndpointConfigs
from infra.local.sagemaker.job import Bench
from infra.local.sagemaker.listing import listing
from infra.local.sagemaker.serving import Server, Variant
from infra.local.sagemaker.tags import Tags

BUSY = frozenset({"Creating", "Updating", "RollingBack", "Deleting"})

PASSED_ON = {  # request member → header of the container's /invocations
    "ContentType": "Content-Type",
    "Accept": "Accept",
    "CustomAttributes": "X-Amzn-SageMaker-Custom-Attributes",
    "InferenceId": "X-Amzn-SageMaker-Inference-Id",
}


class Endpoints:
    """CreateEndpoint, UpdateEndpoint, DeleteEndpoint, InvokeEndpoint, and what reads endpoints.

    Every error about what exists, does not, or is busy is ValidationException: these operations
    declare no other.

    Parameters
    ----------
    lock : RLock
        The engine's. The other operations are called under it; ``invoke_endpoint`` takes it only to
        choose a container, so that a slow answer holds up nobody.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        bench: Bench,
        configs: EndpointConfigs,
        tags: Tags,
        lock: RLock,
    ) -> None:
        self._surroundings = surroundings
        self._bench = bench
        self._configs = configs
        self._tags = tags
        self._lock = lock
        self._endpoints: dict[str, Endpoint] = {}

    def __len__(self) -> int:
        return len(self._endpoints)

    def changing(self) -> int:
        """Answer how many are on their way to another status, but for those that bake: they only
        wait for time to pass."""
        return sum(endpoint.is_changing for endpoint in self._endpoints.values())

    def create_endpoint(self, request: Request, _caller: Caller) -> Response:
        """Begin to bring an endpoint up; it is Creating until its containers are healthy."""
        name = request["EndpointName"]
        arn = self._arn(name)
        if name in self._endpoints:
            raise invalid(f'Cannot create already existing endpoint "{arn}".')
        endpoint = Endpoint(
            name=name,
            arn=arn,
            config_name=request["EndpointConfigName"],
            variants=self._configs.variants(request["EndpointConfigName"]),
            created_at=moment(self._surroundings.now()),
            surroundings=self._surroundings,
            bench=self._bench,
            tags=self._tags,
            deployment=request.get("DeploymentConfig"),
        )
        self._endpoints[name] = endpoint
        self._tags.put(arn, request.get("Tags", ()))
        endpoint.enter("Creating")
        endpoint.begin(endpoint.create())
        return {"EndpointArn": arn}

    def update_endpoint(self, request: Request, _caller: Caller) -> Response:
        """Begin to replace what serves; the old containers serve until the new ones are healthy."""
        endpoint = self._known(request["EndpointName"])
        self._refuse_busy(endpoint)
        if endpoint.status != "InService":
            raise invalid(
                f'Cannot update endpoint "{endpoint.arn}" in status {endpoint.status}: only an'
                " endpoint InService can be updated"
            )
        config = request["EndpointConfigName"]
        variants = self._configs.variants(config)
        if is_serverless(variants) and not is_serverless(endpoint.variants):
            raise invalid(
                f'Cannot update endpoint "{endpoint.arn}", which is on instances, to a serverless'
                " configuration: delete it first"
            )
        if not request.get("RetainDeploymentConfig", False):
            endpoint.deployment = request.get("DeploymentConfig")
        pending = Pending(config, variants, moment(self._surroundings.now()))
        endpoint.enter("Updating")
        endpoint.pending = pending  # whoever looks right after the call sees what is under way
        endpoint.begin(endpoint.update(pending, bake_time(endpoint.deployment or {})))
        return {"EndpointArn": endpoint.arn}

    def describe_endpoint(self, request: Request, _caller: Caller) -> Response:
        """Describe an endpoint; ValidationException if there is none."""
        return self._known(request["EndpointName"]).described()

    def list_endpoints(self, request: Request, _caller: Caller) -> Response:
        """List endpoints, newest first unless asked otherwise."""
        shown = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime")
        rows = [
            {"EndpointStatus": each.status, **{key: each.described()[key] for key in shown}}
            for each in self._endpoints.values()
        ]
        return listing(
            request,
            rows,
            into="Endpoints",
            name="EndpointName",
            equals={"StatusEquals": "EndpointStatus"},
        )

    def delete_endpoint(self, request: Request, _caller: Caller) -> Response:
        """Begin to take an endpoint down; refused while it is being created or updated."""
        endpoint = self._known(request["EndpointName"])
        self._refuse_busy(endpoint)
        endpoint.status = "Deleting"
        endpoint.touch()
        endpoint.begin(endpoint.delete())
        return {}

    def invoke_endpoint(self, request: Request, _caller: Caller) -> Response:
        """Pass a request on to a container that serves the endpoint.

        Raises
        ------
        ServiceError
            ValidationError where nothing serves, ModelError where the container fails.
        """
        server = self._server_for(request)
        headers = {PASSED_ON[key]: request[key] for key in PASSED_ON if key in request}
        try:
            answer = serving.post(server.running.port or 0, request.get("Body", b""), headers)
        finally:
            with self._lock:
                server.in_flight -= 1
        if not 200 <= answer.status < 300:
            raise serving.model_error(answer.status, answer.body.decode(errors="replace"))
        response: Response = {
            "Body": answer.body,
            "ContentType": answer.content_type,
            "InvokedProductionVariant": server.variant.name,
        }
        if answer.custom_attributes is not None:
            response["CustomAttributes"] = answer.custom_attributes
        return response

    def tick(self) -> None:
        """Walk every endpoint on; one that is deleted is gone when its containers are."""
        for endpoint in list(self._endpoints.values()):
            endpoint.walk()
            if endpoint.status == "Deleting" and endpoint.flow is None:
                endpoint.enter("Deleted")
                self._tags.drop(endpoint.arn)
                del self._endpoints[endpoint.name]

    def close(self) -> None:
        """End all containers."""
        for endpoint in self._endpoints.values():
            endpoint.end()

    def _server_for(self, request: Request) -> Server:
        name = request["EndpointName"]
        wanted = request.get("TargetVariant")
        with self._lock:
            endpoint = self._endpoints.get(name)
            if endpoint is None or not endpoint.servers:
                account = self._surroundings.account
                raise _unserved(f"Endpoint {name} of account {account} not found.")
            servers = [s for s in endpoint.servers if wanted in (None, s.variant.name)]
            if not servers:
                raise _unserved(f"Variant {wanted} not found for Request")
            chosen = serving.choose(servers)
            chosen.in_flight += 1
            return chosen

    def _known(self, name: str) -> Endpoint:
        try:
            return self._endpoints[name]
        except KeyError:
            raise invalid(f'Could not find endpoint "{self._arn(name)}".') from None

    def _refuse_busy(self, endpoint: Endpoint) -> None:
        if endpoint.status in BUSY:
            raise invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')

    def _arn(self, name: str) -> str:
        return self._surroundings.arn(f"endpoint/{name.lower()}")


def is_serverless(variants: Iterable[Variant]) -> bool:
    """Tell whether variants have no instances; there is none of each kind in one configuration."""
    return all(one.serverless is not None for one in variants)


def bake_time(deployment: Request) -> timedelta:
    """Answer how long a roll-out waits between healthy containers and the swap.

    Traffic moves once, at the end; the waits of canary and linear steps are added up.
    """
    policy = deployment.get("BlueGreenUpdatePolicy", {})
    routing = policy.get("TrafficRoutingConfiguration", {})
    seconds = policy.get("TerminationWaitInSeconds", 0)
    if routing.get("Type", "ALL_AT_ONCE") != "ALL_AT_ONCE":
        seconds += routing["WaitIntervalInSeconds"]
    return timedelta(seconds=seconds)


def _unserved(message: str) -> ServiceError:
    return ServiceError("ValidationError", message)
