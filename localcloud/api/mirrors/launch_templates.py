"""Launch templates with every version."""

from localcloud.api.mirrors.base import Properties, mirror
from localcloud.api.mirrors.ec2 import Ec2Mirror
from localcloud.api.shapes import operation_model, to_api
from localcloud.aws.store import Record

_OWN = ("tags", "tagsAll", "name", "namePrefix", "description", "updateDefaultVersion", "defaultVersion")


@mirror("aws:ec2/launchTemplate:LaunchTemplate")
class LaunchTemplateMirror(Ec2Mirror):
    """A launch template."""

    kind = "launch-template"

    def make(self, record: Record) -> None:
        """The template with its first version."""
        data = self._versions(record)["1"]
        with self.simulator.forced(record.id):
            self.client.create_launch_template(
                LaunchTemplateName=record.state["name"],
                VersionDescription=str(data.get("description") or ""),
                LaunchTemplateData=launch_template_data(data),
                TagSpecifications=self.tagged(record),
            )

    def settle(self, record: Record) -> None:
        """The later versions, the default one, and tags."""
        super().settle(record)
        template = self.backend.launch_templates[record.id]
        for number, data in sorted(self._versions(record).items(), key=lambda item: int(item[0])):
            if int(number) > template.latest_version_number:
                self.client.create_launch_template_version(
                    LaunchTemplateId=record.id,
                    VersionDescription=str(data.get("description") or ""),
                    LaunchTemplateData=launch_template_data(data),
                )
        default = int(record.state.get("defaultVersion") or 1)
        if default <= template.latest_version_number:
            template.default_version_number = default

    def remove(self, record: Record) -> None:
        """The template."""
        if self.exists(record.id):
            self.client.delete_launch_template(LaunchTemplateId=record.id)

    def look(self, record: Record) -> Properties | None:
        """Tags, and the numbers of the latest and the default version."""
        seen = super().look(record)
        if seen is None:
            return None
        template = self.backend.launch_templates[record.id]
        return {
            **seen,
            "latestVersion": template.latest_version_number,
            "defaultVersion": int(template.default_version_number),
        }

    def exists(self, id_: str) -> bool:
        """Whether moto has it."""
        return id_ in self.backend.launch_templates

    def _versions(self, record: Record) -> dict[str, Properties]:
        return record.state.get("__versions") or {"1": record.inputs}


def launch_template_data(inputs: Properties) -> Properties:
    """The data of a version in the form of the API."""
    shape = operation_model("ec2", "CreateLaunchTemplate").input_shape.members["LaunchTemplateData"]
    return to_api(shape, {key: value for key, value in inputs.items() if key not in _OWN})
