"""SageMaker models: which image serves which artifact."""

from collections.abc import Callable

from infra.local.sagemaker.core import (
    Blobs,
    Caller,
    NoSuchBlobError,
    Request,
    Response,
    Surroundings,
    invalid,
    moment,
)
from infra.local.sagemaker.job import ServedModel
from infra.local.sagemaker.listing import listing
from infra.local.sagemaker.tags import Tags


class Models:
    """CreateModel, DescribeModel, ListModels and DeleteModel.

    Parameters
    ----------
    package : Callable
        Answers a model package as DescribeModelPackage does, for models made of a package.
    """

    def __init__(
        self, surroundings: Surroundings, tags: Tags, package: Callable[[str], Response]
    ) -> None:
        self._surroundings = surroundings
        self._tags = tags
        self._package = package
        self._models: dict[str, Response] = {}
        self._served: dict[str, ServedModel] = {}

    def create_model(self, request: Request, _caller: Caller) -> Response:
        """Create a model; ValidationException if it exists or its artifact does not."""
        name = request["ModelName"]
        arn = self._surroundings.arn(f"model/{name.lower()}")
        if name in self._models:
            raise invalid(f'Cannot create already existing model "{arn}".')
        self._served[name] = self._served_by(_container(request))
        described = {key: request[key] for key in request if key != "Tags"}
        self._models[name] = {
            "EnableNetworkIsolation": False,
            **described,
            "ModelArn": arn,
            "CreationTime": moment(self._surroundings.now()),
        }
        self._tags.put(arn, request.get("Tags", ()))
        return {"ModelArn": arn}

    def describe_model(self, request: Request, _caller: Caller) -> Response:
        """Describe a model; ValidationException if there is none."""
        return dict(self._known(request["ModelName"]))

    def list_models(self, request: Request, _caller: Caller) -> Response:
        """List models, newest first unless asked otherwise."""
        shown = ("ModelName", "ModelArn", "CreationTime")
        rows = [{key: model[key] for key in shown} for model in self._models.values()]
        return listing(request, rows, into="Models", name="ModelName")

    def delete_model(self, request: Request, _caller: Caller) -> Response:
        """Delete a model; endpoints that serve it go on."""
        arn = self._known(request["ModelName"])["ModelArn"]
        del self._models[request["ModelName"]]
        del self._served[request["ModelName"]]
        self._tags.drop(arn)
        return {}

    def served(self, name: str) -> ServedModel:
        """Answer what a container needs of a model; ValidationException if there is none."""
        self._known(name)
        return self._served[name]

    def find(self, name: str) -> ServedModel | None:
        """Answer what a container needs of a model, or None."""
        return self._served.get(name)

    def _known(self, name: str) -> Response:
        try:
            return self._models[name]
        except KeyError:
            arn = self._surroundings.arn(f"model/{name.lower()}")
            raise invalid(f'Could not find model "{arn}".') from None

    def _served_by(self, container: Request) -> ServedModel:
        environment = dict(container.get("Environment", {}))
        if package_name := container.get("ModelPackageName"):
            package = self._package(package_name)
            if package.get("ModelApprovalStatus", "Approved") != "Approved":
                raise invalid(
                    f"Model package {package['ModelPackageArn']} is"
                    f" {package['ModelApprovalStatus']}: only an Approved one can be deployed"
                )
            container = package["InferenceSpecification"]["Containers"][0]
            environment = {**container.get("Environment", {}), **environment}
        if "Image" not in container:
            raise invalid("A container needs an Image or a ModelPackageName")
        artifact = _artifact(container)
        if artifact is not None and not _exists(self._surroundings.blobs, artifact):
            raise invalid(
                f"Could not find model data at {artifact}. Please ensure that the object is"
                " located there and that the role may read it"
            )
        return ServedModel(container["Image"], artifact, environment)


def _container(request: Request) -> Request:
    containers = [*request.get("Containers", ()), *filter(None, [request.get("PrimaryContainer")])]
    if len(containers) != 1:
        raise invalid("The local AWS serves exactly one container a model: give PrimaryContainer")
    only: Request = containers[0]
    return only


def _artifact(container: Request) -> str | None:
    if "ModelDataUrl" in container:
        return str(container["ModelDataUrl"])
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if source is None:
        return None
    if source.get("CompressionType") != "Gzip":
        raise invalid("The local AWS takes model data as one tar.gz: CompressionType Gzip")
    return str(source["S3Uri"])


def _exists(blobs: Blobs, uri: str) -> bool:
    try:
        blobs.get(uri)
    except NoSuchBlobError:
        return False
    return True
